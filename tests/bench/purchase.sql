\set counter :counter + 1
\set player random(1, :players)
select purchase(:run::text || '-' || :client_id::text || '-' || :counter::text, :player, 'sword_001', 'Iron Sword', 2, 5);
