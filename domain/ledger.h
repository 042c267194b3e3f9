// The root of the rules: State, decide, apply.
//
//   decide(State const&, Command, Context) -> Events | Rejection     may refuse, never changes anything
//   apply(State&, Event)                                           never refuses: history is fact
//
// Both are pure and deterministic: time, randomness and positions enter in Context. Single-threaded; the writer
// owns the one State that decides. An event that cannot be applied is corruption and aborts the process.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "domain/commands.h"
#include "domain/events.h"
#include "domain/flat_table.h"
#include "domain/phone_share.h"
#include "domain/phones.h"
#include "domain/rejections.h"
#include "domain/result.h"
#include "domain/texts.h"
#include "domain/transfer.h"
#include "domain/velocity.h"

namespace florin::domain {

struct Context {
  Timestamp now;
  Position next;              // the position that the first event will get
  std::uint64_t entropy = 0;  // fresh random bits, one draw a command
};

struct Wallet {
  Money available;  // below zero only after a refund or chargeback of a card purchase
  Money reserved;
  [[nodiscard]] Money total() const { return available + reserved; }
  friend bool operator==(Wallet const&, Wallet const&) = default;
};

// What decisions need and nothing else: no names, no finished transactions. About 95 bytes for a player with one
// wallet (rows 48, three indexes of 10 to 20 each).
class State {
 public:
  // Row layouts are stored in snapshots: changing one needs a new version in eventstore/engine/snapshot.cpp.
  struct IdentityRow {
    BlindIndex email_index;
  };
  struct PlayerRow {
    std::uint32_t identity;  // IdentityId
    std::uint32_t game;      // index into games()
  };
  struct WalletRow {
    std::uint32_t player;
    std::uint32_t currency;
    std::int64_t available;
    std::int64_t reserved;
  };

  [[nodiscard]] Game const* find_game(GameId game) const;
  [[nodiscard]] std::vector<Game> const& games() const { return games_; }
  [[nodiscard]] std::optional<IdentityId> find_identity(BlindIndex const& email) const;
  [[nodiscard]] std::optional<PlayerId> find_player(GameId game, IdentityId identity) const;
  // Zero balances when the wallet was never touched.
  [[nodiscard]] Wallet wallet(PlayerId player, CurrencyId currency) const;
  [[nodiscard]] bool is_refunded(OrderId order) const { return refunded_orders_.contains(order.value()); }

  [[nodiscard]] Phones const& phones() const { return phones_; }
  // The guardian's phone of a flagged minor, zero when nobody can be asked; nullopt: not flagged.
  [[nodiscard]] std::optional<PhoneId> minor(IdentityId identity) const;
  [[nodiscard]] std::map<IdentityId, PhoneId> const& minors() const { return minors_; }
  // nullptr: no such transaction, or it has ended.
  [[nodiscard]] OpenTransfer const* find_transfer(TransferId transaction) const;
  [[nodiscard]] OpenTransfers const& transfers() const { return transfers_; }
  [[nodiscard]] OpenShares const& shares() const { return shares_; }
  [[nodiscard]] Questions const& questions() const { return questions_; }
  [[nodiscard]] OwedTexts const& owed_texts() const { return owed_texts_; }
  [[nodiscard]] Velocity const& velocity() const { return velocity_; }

  // nullptr: no such order of currency, or its payment is settled.
  [[nodiscard]] OpenOrder const* find_order(OrderId order) const;
  [[nodiscard]] OpenOrders const& orders() const { return orders_; }
  // nullptr: nothing of it went back.
  [[nodiscard]] Returned const* find_returned(OrderId order) const;
  [[nodiscard]] ReturnedOrders const& returned_orders() const { return returned_; }
  // nullptr: no such payout, or it has ended for good.
  [[nodiscard]] OpenPayout const* find_payout(PayoutId payout) const;
  [[nodiscard]] OpenPayouts const& payouts() const { return payouts_; }
  // The commit that wrote a day's files; nullopt: they were never exported.
  [[nodiscard]] std::optional<Position> find_payout_file(Day day) const;
  // What its files would hold if they were written now, and whether they are a PayoutFileWritten: when a payout became
  // processing on it by a release that waits for it, whatever became of that payout since. Otherwise the day's file is
  // the one that older releases made.
  [[nodiscard]] std::vector<PayoutId> payouts_of(Day day) const;
  [[nodiscard]] bool is_dated_by_export(Day day) const;
  [[nodiscard]] PayoutFileDays const& payout_files() const { return payout_files_; }
  [[nodiscard]] std::set<Day> const& export_days() const { return export_days_; }
  // What the next files created on that date come after.
  [[nodiscard]] PayoutFilesUsed files_used(Day created) const;
  [[nodiscard]] PayoutFilesUsed const& newest_files() const { return newest_files_; }
  // Whether letters and trace numbers are the next ones of their creation date, which is none before the newest one.
  [[nodiscard]] bool are_next_files(Timestamp created, std::vector<PayoutFile> const& files) const;
  [[nodiscard]] Revenue revenue(CurrencyId currency) const;
  [[nodiscard]] std::vector<Revenue> const& revenues() const { return revenues_; }  // of CurrencyId 1, 2, …

  // The keys that the log is written with; nullopt: they were never bound, as in logs of older releases.
  [[nodiscard]] std::optional<KeysBound> const& keys() const { return keys_; }

  // nullptr / nullopt for an id that was never assigned.
  [[nodiscard]] Game const* game_of(PlayerId player) const;
  [[nodiscard]] std::optional<IdentityId> identity_of(PlayerId player) const;
  // Row number of the wallet, dense from 0 in order of first touch; projections key side tables by it.
  [[nodiscard]] std::optional<std::uint32_t> find_wallet(PlayerId player, CurrencyId currency) const;
  // Hints for batches: fetch what the find of the same arguments will touch.
  void prefetch_identity(BlindIndex const& email) const;
  void prefetch_player(GameId game, IdentityId identity) const;
  void prefetch_wallet(PlayerId player, CurrencyId currency) const;

  [[nodiscard]] std::uint64_t identity_count() const { return identities_.size(); }
  [[nodiscard]] std::uint64_t player_count() const { return players_.size(); }
  [[nodiscard]] std::uint64_t wallet_count() const { return wallets_.size(); }
  [[nodiscard]] std::uint64_t currency_count() const { return currency_count_; }

  friend struct Fold;

  // Snapshots: rows out in order, rows in in the same order (indexes are rebuilt). The three small parts travel
  // whole.
  [[nodiscard]] ChunkedRows<IdentityRow> const& identity_rows() const { return identities_; }
  [[nodiscard]] ChunkedRows<PlayerRow> const& player_rows() const { return players_; }
  [[nodiscard]] ChunkedRows<WalletRow> const& wallet_rows() const { return wallets_; }
  [[nodiscard]] std::vector<std::uint64_t> refunded_orders() const;  // ascending
  void restore_games(std::vector<Game> games);
  void restore_identity(IdentityRow const& row);
  void restore_player(PlayerRow const& row);
  void restore_wallet(WalletRow const& row);
  void restore_refunded(std::uint64_t order) { refunded_orders_.insert(order); }
  // Phones in order, then their owners, then the rest in any order. False when it contradicts what is there.
  [[nodiscard]] bool restore_phone(Phones::Row const& row);
  [[nodiscard]] bool restore_phone_owners() { return phones_.restore_owners(); }
  [[nodiscard]] bool restore_minor(IdentityId identity, PhoneId guardian);
  [[nodiscard]] bool restore_transfer(OpenTransfer const& transfer);
  [[nodiscard]] bool restore_share(OpenShare const& share);
  void restore_owed_text(TextRef const& text) { owed_texts_.insert(text); }
  void restore_velocity(Velocity::Entry const& entry) { velocity_.record(entry); }
  [[nodiscard]] bool restore_order(OpenOrder const& order);
  [[nodiscard]] bool restore_returned(Returned const& returned);
  [[nodiscard]] bool restore_payout(OpenPayout const& payout);
  [[nodiscard]] bool restore_payout_file(Day day, Position written);
  [[nodiscard]] bool restore_export_day(Day day);
  [[nodiscard]] bool restore_newest_files(PayoutFilesUsed const& used);
  void restore_keys(KeysBound const& keys) { keys_ = keys; }
  [[nodiscard]] bool restore_revenue(CurrencyId currency, Revenue const& revenue);

  // Same games, rows and open matters: what "replay gives the same state" means.
  friend bool operator==(State const& a, State const& b);

 private:
  [[nodiscard]] std::optional<std::uint32_t> game_index(GameId game) const;
  [[nodiscard]] Game& game_at(GameId game);
  WalletRow& touch_wallet(PlayerId player, CurrencyId currency);

  std::vector<Game> games_;
  std::unordered_map<GameId, std::uint32_t> game_rows_;
  std::uint64_t currency_count_ = 0;
  ChunkedRows<IdentityRow> identities_;  // row = IdentityId - 1
  ChunkedRows<PlayerRow> players_;       // row = PlayerId - 1
  ChunkedRows<WalletRow> wallets_;
  HashIndex identity_index_;
  HashIndex player_index_;
  HashIndex wallet_index_;
  std::unordered_set<std::uint64_t> refunded_orders_;
  Phones phones_;
  std::map<IdentityId, PhoneId> minors_;
  OpenTransfers transfers_;
  OpenShares shares_;
  Questions questions_;  // follows from transfers_ and shares_
  OwedTexts owed_texts_;
  Velocity velocity_;
  OpenOrders orders_;
  ReturnedOrders returned_;
  OpenPayouts payouts_;
  PayoutFileDays payout_files_;
  std::set<Day>
      export_days_;  // on which a payout became processing whose file is dated by its export: a few hundred a year
  PayoutFilesUsed newest_files_;
  std::optional<KeysBound> keys_;
  std::vector<Revenue> revenues_;  // as long as the last currency that earned something
};

// `at` is the commit's time. Aborts on an impossible transition.
void apply(State& state, Event const& event, Timestamp at);
void apply(State& state, Commit const& commit);

// Whether the log may go on with these keys: the vault stays the same, keys of rows are added.
[[nodiscard]] bool can_bind(State const& state, KeysBound const& keys);

// What a game may cash out, in USD: whole cents of what its currencies earned together.
[[nodiscard]] Usd payable_usd(State const& state, Game const& game);

// What a refund of this order would be granted now when `game` asks for it: at most so much, or why none.
[[nodiscard]] Result<Usd, Rejection> refundable_usd(State const& state, GameId game, CurrencyPurchased const& original,
                                                    bool can_charge);

// Why currency may not go from one game to the other; nullopt: it may.
[[nodiscard]] std::optional<RejectionCode> check_policy(Game const& source, Game const& target);
// How much may go from a currency to another game's, which is that game's first one.
[[nodiscard]] TransferRange transfer_range(CurrencySpec const& source, CurrencySpec const& target);

using Decision = Result<std::vector<Event>, Rejection>;
// One or more events, or the first applicable refusal.
[[nodiscard]] Decision decide(State const& state, Command const& command, Context const& context);

}  // namespace florin::domain
