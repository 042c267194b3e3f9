-- The same purchase as the product's, as a good engineer would put it into PostgreSQL: one round trip, one row lock, a
-- funds check, two entries (player and game), a unique request id. Amounts in minor units.
create table account (
  player bigint primary key,
  available bigint not null check (available >= 0)
) with (fillfactor = 50); -- room for HOT updates

create table entries (
  id bigint generated always as identity primary key,
  request bigint not null,
  account bigint not null,
  amount bigint not null,
  created_at timestamptz not null default now()
);

create table requests (
  id bigint generated always as identity,
  client_request_id text primary key,
  player bigint not null,
  item_id text not null,
  item_name text not null,
  quantity int not null,
  unit_price bigint not null,
  total bigint not null,
  platform_fee bigint not null,
  available_after bigint not null
);

create function purchase(p_request text, p_player bigint, p_item_id text, p_item_name text, p_quantity int,
                         p_unit_price bigint) returns bigint
language plpgsql as $$
declare
  v_available bigint;
  v_total bigint := p_quantity * p_unit_price;
  v_fee bigint := (v_total * 10 + 50) / 100;
  v_request bigint;
begin
  select available into v_available from account where player = p_player for update;
  if not found then raise exception 'PLAYER_NOT_FOUND'; end if;
  if v_available < v_total then raise exception 'INSUFFICIENT_BALANCE'; end if;
  update account set available = v_available - v_total where player = p_player;
  insert into requests (client_request_id, player, item_id, item_name, quantity, unit_price, total, platform_fee,
                        available_after)
    values (p_request, p_player, p_item_id, p_item_name, p_quantity, p_unit_price, v_total, v_fee,
            v_available - v_total)
    returning id into v_request;
  insert into entries (request, account, amount)
    values (v_request, p_player, -v_total), (v_request, 0, v_total);
  return v_available - v_total;
end $$;

insert into account select n, 100000000000 from generate_series(1, :players) n;
vacuum analyze;
checkpoint;
