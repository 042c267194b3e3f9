// SQLite on the simulated disk. Locks and the WAL's shared memory are those of one process: counted, never waited for.
#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <mutex>
#include <new>

#include <sqlite3.h>

#include "domain/contract.h"
#include "tests/simulation/simulated_disk.h"

namespace florin::simulation {
namespace {

// What the connections to one database share.
struct Shared {
  int readers = 0;  // that hold SHARED or more
  void const* reserved = nullptr;
  void const* exclusive = nullptr;
  std::vector<std::unique_ptr<char[]>> regions;
  std::array<int, SQLITE_SHM_NLOCK> shm_readers{};
  std::array<void const*, SQLITE_SHM_NLOCK> shm_writer{};
  int users = 0;  // of the shared memory
};

struct VfsState {
  SimulatedDisk* disk = nullptr;
  std::mt19937_64 random;
  std::recursive_mutex mutex;  // guards the rest
  std::map<std::string, std::shared_ptr<Shared>> shared;
};
VfsState state;
sqlite3_vfs* original = nullptr;
sqlite3_vfs vfs;

struct VfsFile {
  sqlite3_file base;
  SimulatedDisk::NodePtr node;
  std::string path;
  std::shared_ptr<Shared> shared;
  int level = SQLITE_LOCK_NONE;
  std::uint32_t shm_shared = 0;  // masks of the locks that this connection holds
  std::uint32_t shm_exclusive = 0;
  bool uses_shm = false;
  bool name_unsynced = false;  // a journal's: the unix VFS syncs its folder with the first sync
  bool delete_on_close = false;
};

VfsFile& of(sqlite3_file* file) { return *reinterpret_cast<VfsFile*>(file); }

int code_of(std::optional<eventstore::Fault> const& fault, int otherwise) {
  if (!fault) return SQLITE_OK;
  return fault->kind == eventstore::Fault::Kind::full ? SQLITE_FULL : otherwise;
}

int close(sqlite3_file* file) {
  auto& it = of(file);
  if (it.delete_on_close) static_cast<void>(state.disk->remove(it.path));
  it.~VfsFile();
  return SQLITE_OK;
}

int read(sqlite3_file* file, void* into, int size, sqlite3_int64 offset) {
  auto const wanted = static_cast<std::size_t>(size);
  auto const read =
      state.disk->read(*of(file).node, static_cast<std::uint64_t>(offset), {static_cast<char*>(into), wanted});
  if (!read) return SQLITE_IOERR_READ;
  auto const got = read.value();
  if (got == wanted) return SQLITE_OK;
  std::memset(static_cast<char*>(into) + got, 0, wanted - got);
  return SQLITE_IOERR_SHORT_READ;
}

int write(sqlite3_file* file, void const* bytes, int size, sqlite3_int64 offset) {
  return code_of(state.disk->write(*of(file).node, static_cast<std::uint64_t>(offset),
                                   {static_cast<char const*>(bytes), static_cast<std::size_t>(size)}),
                 SQLITE_IOERR_WRITE);
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
  return code_of(state.disk->truncate(*of(file).node, static_cast<std::uint64_t>(size)), SQLITE_IOERR_TRUNCATE);
}

int sync(sqlite3_file* file, int) {
  auto& it = of(file);
  if (int const code = code_of(state.disk->sync(*it.node), SQLITE_IOERR_FSYNC); code != SQLITE_OK) return code;
  if (!it.name_unsynced) return SQLITE_OK;
  it.name_unsynced = false;
  return code_of(state.disk->sync_names(it.path.substr(0, it.path.rfind('/'))), SQLITE_IOERR_DIR_FSYNC);
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  *size = static_cast<sqlite3_int64>(state.disk->size(*of(file).node));
  return SQLITE_OK;
}

int lock(sqlite3_file* file, int level) {
  std::lock_guard const guard(state.mutex);
  auto& it = of(file);
  auto& shared = *it.shared;
  if (it.level >= level) return SQLITE_OK;
  bool const others_exclude = shared.exclusive != nullptr && shared.exclusive != file;
  if (others_exclude) return SQLITE_BUSY;
  if (level >= SQLITE_LOCK_RESERVED && shared.reserved != nullptr && shared.reserved != file) return SQLITE_BUSY;
  if (it.level == SQLITE_LOCK_NONE) {
    ++shared.readers;
    it.level = SQLITE_LOCK_SHARED;
  }
  if (level >= SQLITE_LOCK_RESERVED) shared.reserved = file;
  if (level == SQLITE_LOCK_EXCLUSIVE) {
    if (shared.readers > 1) return SQLITE_BUSY;
    shared.exclusive = file;
  }
  it.level = level;
  return SQLITE_OK;
}

int unlock(sqlite3_file* file, int level) {
  std::lock_guard const guard(state.mutex);
  auto& it = of(file);
  auto& shared = *it.shared;
  if (it.level <= level) return SQLITE_OK;
  if (shared.exclusive == file) shared.exclusive = nullptr;
  if (shared.reserved == file) shared.reserved = nullptr;
  if (level == SQLITE_LOCK_NONE) --shared.readers;
  it.level = level;
  return SQLITE_OK;
}

int check_reserved(sqlite3_file* file, int* held) {
  std::lock_guard const guard(state.mutex);
  *held = of(file).shared->reserved != nullptr ? 1 : 0;
  return SQLITE_OK;
}

int file_control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int sector_size(sqlite3_file*) { return 512; }
int device_characteristics(sqlite3_file*) { return 0; }

int shm_map(sqlite3_file* file, int region, int size, int extend, void volatile** mapped) {
  std::lock_guard const guard(state.mutex);
  auto& it = of(file);
  auto& shared = *it.shared;
  if (!it.uses_shm) {
    it.uses_shm = true;
    ++shared.users;
  }
  auto const wanted = static_cast<std::size_t>(region);
  if (shared.regions.size() <= wanted && extend == 0) {
    *mapped = nullptr;
    return SQLITE_OK;
  }
  while (shared.regions.size() <= wanted) {
    shared.regions.push_back(std::make_unique<char[]>(static_cast<std::size_t>(size)));
  }
  *mapped = shared.regions[wanted].get();
  return SQLITE_OK;
}

int shm_lock(sqlite3_file* file, int first, int count, int flags) {
  std::lock_guard const guard(state.mutex);
  auto& it = of(file);
  auto& shared = *it.shared;
  auto const mask = static_cast<std::uint32_t>(((1u << count) - 1) << first);
  bool const exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
  auto const each = [&](auto const& work) {
    for (int i = first; i < first + count; ++i) work(static_cast<std::size_t>(i));
  };
  if ((flags & SQLITE_SHM_UNLOCK) != 0) {
    each([&](std::size_t i) {
      if (shared.shm_writer[i] == file) shared.shm_writer[i] = nullptr;
      if ((it.shm_shared & (1u << i)) != 0) --shared.shm_readers[i];
    });
    it.shm_shared &= ~mask;
    it.shm_exclusive &= ~mask;
    return SQLITE_OK;
  }
  bool free = true;
  each([&](std::size_t i) {
    if (shared.shm_writer[i] != nullptr && shared.shm_writer[i] != file) free = false;
    auto const mine = (it.shm_shared & (1u << i)) != 0 ? 1 : 0;
    if (exclusive && shared.shm_readers[i] > mine) free = false;
  });
  if (!free) return SQLITE_BUSY;
  each([&](std::size_t i) {
    if (exclusive) {
      shared.shm_writer[i] = file;
    } else if ((it.shm_shared & (1u << i)) == 0) {
      ++shared.shm_readers[i];
    }
  });
  (exclusive ? it.shm_exclusive : it.shm_shared) |= mask;
  return SQLITE_OK;
}

void shm_barrier(sqlite3_file*) { std::lock_guard const guard(state.mutex); }

int shm_unmap(sqlite3_file* file, int) {
  std::lock_guard const guard(state.mutex);
  auto& it = of(file);
  if (std::exchange(it.uses_shm, false) && --it.shared->users == 0) it.shared->regions.clear();
  return SQLITE_OK;
}

sqlite3_io_methods const methods{2,
                                 close,
                                 read,
                                 write,
                                 truncate,
                                 sync,
                                 file_size,
                                 lock,
                                 unlock,
                                 check_reserved,
                                 file_control,
                                 sector_size,
                                 device_characteristics,
                                 shm_map,
                                 shm_lock,
                                 shm_barrier,
                                 shm_unmap,
                                 nullptr,
                                 nullptr};

int open(sqlite3_vfs*, sqlite3_filename name, sqlite3_file* file, int flags, int* out_flags) {
  file->pMethods = nullptr;
  std::string const path = name != nullptr ? name : "/temporary-" + std::to_string(state.random());
  auto node = state.disk->find(path);
  bool const made = !node;
  if (made) {
    if ((flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_CANTOPEN;
    eventstore::Fault why;
    node = state.disk->create(path, &why);
    if (!node) return SQLITE_CANTOPEN;
  }
  auto* const it = new (file) VfsFile{};
  it->node = std::move(node);
  it->path = path;
  it->name_unsynced = made && (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL)) != 0;
  it->delete_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
  {
    std::lock_guard const guard(state.mutex);
    auto& shared = state.shared[path];
    if (!shared) shared = std::make_shared<Shared>();
    it->shared = shared;
  }
  it->base.pMethods = &methods;
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

int remove(sqlite3_vfs*, char const* path, int sync_folder) {
  if (!state.disk->find(path)) return SQLITE_IOERR_DELETE_NOENT;
  if (auto const why = state.disk->remove(path)) return SQLITE_IOERR_DELETE;
  if (sync_folder == 0) return SQLITE_OK;
  std::string const name(path);
  return code_of(state.disk->sync_names(name.substr(0, name.rfind('/'))), SQLITE_IOERR_DIR_FSYNC);
}

int access(sqlite3_vfs*, char const* path, int, int* there) {
  auto const node = state.disk->find(path);
  *there = node && state.disk->size(*node) > 0 ? 1 : 0;  // as the unix VFS: an empty journal is none
  return SQLITE_OK;
}

int full_path(sqlite3_vfs*, char const* path, int size, char* full) {
  std::snprintf(full, static_cast<std::size_t>(size), "%s", path);
  return SQLITE_OK;
}

int randomness(sqlite3_vfs*, int size, char* into) {
  std::lock_guard const guard(state.mutex);
  for (int i = 0; i < size; ++i) into[i] = static_cast<char>(state.random());
  return size;
}

int sleep(sqlite3_vfs*, int micros) { return micros; }

int current_time(sqlite3_vfs*, sqlite3_int64* julian_ms) {
  *julian_ms = 212'000'000'000'000;
  return SQLITE_OK;
}

int last_error(sqlite3_vfs*, int, char*) { return 0; }

}  // namespace

InstalledVfs::InstalledVfs(SimulatedDisk& disk, std::uint64_t seed) {
  FLORIN_ASSERT(state.disk == nullptr);
  state.disk = &disk;
  state.random.seed(seed);
  state.shared.clear();
  original = sqlite3_vfs_find("unix");
  vfs = {};
  vfs.iVersion = 2;
  vfs.szOsFile = sizeof(VfsFile);
  vfs.mxPathname = 512;
  vfs.zName = "simulated";
  vfs.xOpen = open;
  vfs.xDelete = remove;
  vfs.xAccess = access;
  vfs.xFullPathname = full_path;
  vfs.xRandomness = randomness;
  vfs.xSleep = sleep;
  vfs.xGetLastError = last_error;
  vfs.xCurrentTimeInt64 = current_time;
  sqlite3_vfs_register(&vfs, 1);
  sqlite3_randomness(0, nullptr);  // SQLite draws its seed anew, from here
}

InstalledVfs::~InstalledVfs() {
  sqlite3_vfs_unregister(&vfs);
  sqlite3_vfs_register(original, 1);
  state.disk = nullptr;
}

}  // namespace florin::simulation
