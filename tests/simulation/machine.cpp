#include "tests/simulation/machine.h"

#include <array>
#include <utility>

namespace florin::simulation {

namespace {

void count_disk_fault(FaultCounts& faults, DiskFault fault) {
  switch (fault) {
    case DiskFault::none: break;
    case DiskFault::read_error: faults.add(Fault::read_error); break;
    case DiskFault::death: faults.add(Fault::death_at_call); break;
    case DiskFault::io_error: faults.add(Fault::io_error); break;
    case DiskFault::disk_full: faults.add(Fault::disk_full); break;
    case DiskFault::short_write: faults.add(Fault::short_write); break;
  }
}

}  // namespace

void Machine::plan_disk_fault() {
  if (draw(12) != 0) return;
  constexpr std::array<DiskFault, 4> kKinds{DiskFault::death, DiskFault::io_error, DiskFault::disk_full,
                                            DiskFault::short_write};
  planned_ = kKinds[draw(kKinds.size())];
  disk_.plan(planned_, 1 + draw(14));
}

void Machine::plan_read_fault() {
  if (planned_ != DiskFault::none || draw(12) != 0) return;
  planned_ = DiskFault::read_error;
  disk_.plan(planned_, 1 + draw(6));
}

bool Machine::take_fault() {
  bool const came = disk_.take_fault();
  auto const planned = std::exchange(planned_, DiskFault::none);
  if (came) count_disk_fault(faults_, planned);
  return came;
}

}  // namespace florin::simulation
