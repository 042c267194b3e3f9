#include "tests/simulation/promises.h"

#include "tests/simulation/faults.h"

namespace florin::simulation {

char const* promise_name(Promise promise) {
  switch (promise) {
    case Promise::sound_disk_opens: return "sound_disk_opens";
    case Promise::sound_disk_serves: return "sound_disk_serves";
    case Promise::acknowledged_is_kept: return "acknowledged_is_kept";
    case Promise::done_once: return "done_once";
    case Promise::refused_is_absent: return "refused_is_absent";
    case Promise::nothing_is_invented: return "nothing_is_invented";
    case Promise::payloads_are_told_apart: return "payloads_are_told_apart";
    case Promise::repeats_answer_alike: return "repeats_answer_alike";
    case Promise::wrong_codes_open_nothing: return "wrong_codes_open_nothing";
    case Promise::reply_is_visible: return "reply_is_visible";
    case Promise::tail_is_in_order: return "tail_is_in_order";
    case Promise::state_is_fold: return "state_is_fold";
    case Promise::people_have_keys: return "people_have_keys";
    case Promise::erased_stay_erased: return "erased_stay_erased";
    case Promise::audit_passes: return "audit_passes";
    case Promise::same_history: return "same_history";
    case Promise::reads_are_fold: return "reads_are_fold";
    case Promise::views_are_fold: return "views_are_fold";
    case Promise::postings_are_zero: return "postings_are_zero";
    case Promise::clearing_crosses_zero: return "clearing_crosses_zero";
    case Promise::wallets_are_posted: return "wallets_are_posted";
    case Promise::reserved_is_held: return "reserved_is_held";
    case Promise::revenue_is_posted: return "revenue_is_posted";
    case Promise::refunds_are_in_flight: return "refunds_are_in_flight";
    case Promise::transfers_end_once: return "transfers_end_once";
    case Promise::clearing_is_statement: return "clearing_is_statement";
    case Promise::payouts_are_statement: return "payouts_are_statement";
    case Promise::bank_takes_files: return "bank_takes_files";
    case Promise::time_is_steady: return "time_is_steady";
    case Promise::due_has_ended: return "due_has_ended";
    case Promise::texts_are_handed: return "texts_are_handed";
  }
  return "";
}

char const* fault_name(Fault fault) {
  switch (fault) {
    case Fault::kill: return "kill";
    case Fault::power_cut: return "power cut";
    case Fault::death_at_call: return "death at a call";
    case Fault::io_error: return "I/O error";
    case Fault::read_error: return "read error";
    case Fault::disk_full: return "disk full";
    case Fault::short_write: return "short write";
    case Fault::clock_forward: return "clock forward";
    case Fault::clock_back: return "clock set back";
    case Fault::rotten_snapshot: return "rotten snapshot";
    case Fault::rotten_index: return "rotten index";
    case Fault::repeat: return "repeated request";
    case Fault::reuse: return "id used again";
    case Fault::race: return "race";
    case Fault::give_up: return "client gives up";
    case Fault::clean_restart: return "clean restart";
    case Fault::timeout_before: return "time-out before";
    case Fault::timeout_after: return "time-out after";
    case Fault::late: return "late answer";
    case Fault::twice: return "answer twice";
    case Fault::never: return "answer never";
    case Fault::mismatch: return "wrong answer";
    case Fault::erasure: return "erasure";
  }
  return "";
}

}  // namespace florin::simulation
