"""The rules about what comes from the machine: clocks, waits, random numbers, files and threads.

Everything outside eventstore/runtime gets these from the Runtime that it was given, so that a simulation can replace
them. The rules forbid names, however they are qualified or wrapped over lines; the files that may use them are listed
with the reason. Aliases and using-directives that would hide a name are forbidden. A name that is also a usual name of
a function (`open`, `time`, `poll`) is forbidden unless this file or its own header declares a function of that name.
"""

import re

# std :: x and std::\n  x are std::x.
SCOPE = r"\s*::\s*"


def any_of(names):
    return "(?:" + "|".join(names.split()) + ")"


# By kind: names that mean the machine wherever they stand.
ANYWHERE = {
    "reads a clock": r"\b(?:steady|system|high_resolution|file|utc|tai|gps)_clock\b"
                     # A type's clock, under whatever name: SteadyTime::clock, Timer::clock_type::now().
                     r"|\w\s*::\s*now\b|\w\s*::\s*clock(?:_type)?\b(?!\s*[:(])"
                     r"|\b(?:timespec_get|clock_gettime|gettimeofday|ftime|microsec_clock|second_clock|_*rdtscp?|__builtin_ia32_rdtscp?)\b"
                     r"|\bstd" + SCOPE + r"(?:time|clock)\b(?!_)",
    "waits": r"\b(?:steady|system|deadline|high_resolution|basic_waitable)_timer\b|(?:\.|->)\s*wait_(?:for|until)\b"
             r"|\btry_(?:lock|acquire)(?:_shared)?_(?:for|until)\b|\bsleep_(?:for|until)\b"
             r"|\b(?:usleep|nanosleep|clock_nanosleep|ppoll|pselect|epoll_p?wait2?|timerfd_\w+|sem_timedwait"
             r"|pthread_cond_timedwait|sqlite3_sleep)\b|\bthis_thread" + SCOPE + r"sleep\b",
    "draws a random number": r"\b(?:random_device|mt19937(?:_64)?|minstd_rand0?|ranlux\w+|knuth_b|default_random_engine"
                             r"|(?:mersenne_twister|linear_congruential|subtract_with_carry)_engine|random_generator)\b"
                             r"|\b(?:arc4random\w*|getrandom|getentropy|RAND_\w+|sqlite3_randomness|[ejlmn]rand48|drand48"
                             r"|srandom|rand_r)\b|\bstd" + SCOPE + r"s?rand\b",
    "works on a file": r"\bstd" + SCOPE + r"(?:remove|rename|tmpfile|tmpnam)\b|\b[iow]*fstream\b|\b(?:w?filebuf|basic_\w*f(?:stream|ilebuf))\b"
                       r"|\bfilesystem" + SCOPE + r"(?!path\b|filesystem_error\b)\w+"
                       r"|\bfs" + SCOPE + r"(?!path\b)\w+"
                       r"|\b(?:fopen|freopen|fdopen|fopen64|tmpfile|mkstemp|openat2?|open64|creat|linkat|symlink(?:at)?|f?truncate(?:64)?"
                       r"|unlinkat|mkdir(?:at)?|rmdir|renameat2?|fsync|fdatasync|f?chmod|opendir|pread|pwrite|O_(?:RDONLY|RDWR|WRONLY"
                       r"|CREAT|TRUNC|APPEND)|syscall"
                       r"|parse_file|BIO_new_file|mapped_file\w*|file_mapping|stream_file|random_access_file)\b|\bpadded_string" + SCOPE + r"load\b"
                       # Found by the type of their argument, without a namespace.
                       r"|(?<![\w.>])(?:remove_all|create_director(?:y|ies)|create_symlink|file_size|resize_file|copy_file"
                       r"|last_write_time|is_regular_file|is_directory|(?:recursive_)?directory_iterator)\s*[({]",
    "starts a thread": r"\bstd" + SCOPE + r"thread\b(?!" + SCOPE + r"(?:hardware_concurrency|id)\b)|\bjthread\b"
                       r"|\bboost" + SCOPE + r"(?:thread|async|thread_group)\b|\bexecution" + SCOPE + r"par(?:_unseq)?\b|\bstd" + SCOPE + r"async\b"
                       r"|\b(?:thread_pool|system_executor|system_context|pthread_create|thrd_create|vfork|posix_spawnp?|popen|execl[ep]?|execvp?e?)\b",
}
# Names that our functions have, too: forbidden as the machine's own (`::open`), and as a call without an object.
FREE = {
    "reads a clock": any_of("time"),
    "waits": any_of("poll select sleep wait_for wait_until"),
    "draws a random number": any_of("s?rand"),
    "works on a file": any_of("open link unlink rename remove access stat flock exists canonical weakly_canonical absolute permissions space"),
    "starts a thread": any_of("fork clone system"),
}
# Of the machine, with `::` before it.
GLOBAL = {
    "reads a clock": any_of("time clock times"),
    "waits": any_of("poll select sleep alarm"),
    "draws a random number": any_of("s?rand random"),
    "works on a file": any_of("open link unlink rename remove access stat fstat flock read write close mmap"),
    "starts a thread": any_of("fork clone system"),
}
DEVICE = re.compile(r"/dev/u?random|/dev/hwrng|/proc/sys/kernel/random/uuid")
# No type's name: what follows is a call, not a declaration.
NO_TYPE = set("return co_return co_await co_yield else do throw and or not case goto delete new using namespace typename".split())

# Who may, and why.
LOOP = "owns a loop or a thread of the process"
OPERATOR = "a file that the operator names, which may be a pipe; read once, before or beside the server"
MAY = {
    "reads a clock": {
        "api/http/io_thread.h": "the socket loop's own timer",
        "api/http/server.cpp": "the socket loop's own timer",
    },
    "waits": {
        "api/http/io_thread.h": "sweeps sockets past their deadline",
        "api/http/server.cpp": "pauses accepting without descriptors; bounds the drain",
        "eventstore/engine/request_index.cpp": "its thread tries a failed write again",
        "eventstore/engine/writer.cpp": "its threads wait for work",
        "projections/runner.cpp": "its thread waits for the log",
        "sagas/effects_loop.cpp": "bounds a call into the loop",
        "sagas/gateways/asio.h": "a timer of the runtime's TimerClock",
    },
    # Engines seeded from the Runtime: they spread retries and decide nothing.
    "draws a random number": {
        "sagas/effects.h": "seeded from the Runtime",
        "sagas/card_payments/context.h": "seeded from the Runtime",
        "sagas/texting/text_sender.cpp": "seeded from the Runtime",
    },
    "works on a file": {
        "api/config.cpp": OPERATOR,
        "api/config_settings.cpp": OPERATOR,
        "api/cli/payout_command.cpp": OPERATOR,
        "api/cli/store.cpp": "tells a missing folder from a missing log, before any store is open",
        "api/cli/serve_command.cpp": "looks whether the folder could be made, after the server ended",
        "api/environment.cpp": "the permissions of the data's folder; Files has none",
        "eventstore/store/sqlite_log.cpp": "looks for SQLite's own files, which are its VFS's",
    },
    "starts a thread": {path: LOOP for path in (
        "eventstore/engine/writer.cpp", "eventstore/engine/snapshotter.h", "eventstore/engine/snapshotter.cpp",
        "eventstore/engine/request_index.cpp", "eventstore/engine/block_file.cpp",
        "eventstore/store/linked_reader.h", "projections/runner.cpp", "sagas/effects_loop.h", "sagas/effects_loop.cpp",
        "api/http/io_thread.h", "api/http/io_thread.cpp", "api/http/server.cpp", "api/http/worker.h",
        "api/http/worker.cpp", "api/former_people.cpp")},
}

# The aliases and directives that there may be; none of them hides a name from a rule.
ALIASES = {
    "fs": "std::filesystem", "asio": "boost::asio", "beast": "boost::beast", "http": "boost::beast::http beast::http",
    "ssl": "asio::ssl", "dom": "simdjson::dom", "sqlite": "eventstore::sqlite",
}
DIRECTIVES = set("domain codec nacha stripe cli florin::api std::chrono".split())
ALIAS = re.compile(r"\bnamespace\s+(\w+)\s*=\s*([\w:\s]+?)\s*;")
HIDDEN = re.compile(r"\b(?:extern|asm|__asm__|dlsym|dlopen)\b|##|\w\\\n\s*\w|\\[uU][0-9a-fA-F]{4}")
DIRECTIVE = re.compile(r"\busing\s+namespace\s+([\w:\s]+?)\s*;")
INCLUDE_LINE = re.compile(r"^[ \t]*#[ \t]*include[^\n]*", re.MULTILINE)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def compact(name):
    return re.sub(r"\s", "", name).removeprefix("::")


def declared(code):
    """The names that the code declares for itself: `Type name(`, `Type name;`, `auto name = [`."""
    for match in re.finditer(r"(\w+|[\w)>\]]>|[\w>][&*])\s+(?:\w+\s*::\s*)*(\w+)\s*\(", code):
        if match.group(1) not in NO_TYPE:
            yield match.group(2)
    for match in re.finditer(r"(\w+)[>&*]*\s+(\w+)\s*;", code):  # a member, which the constructor initialises
        if match.group(1) not in NO_TYPE:
            yield match.group(2)
    for match in re.finditer(r"\bauto\s+(?:const\s+)?(\w+)\s*=\s*\[", code):
        yield match.group(1)


def machine_breaches(path, code, own_header):
    """`code` and `own_header` are without comments and literals."""
    if path.startswith(("tests/", "eventstore/runtime/")):
        return
    code = INCLUDE_LINE.sub(lambda match: " " * len(match.group()), code)
    ours = set(declared(code)) | set(declared(own_header))
    for what in ANYWHERE:
        if path in MAY[what]:
            continue
        found = {match.start(): match.group() for match in re.finditer(ANYWHERE[what], code)}
        for match in re.finditer(r"(?<![\w>])\s*::\s*(" + GLOBAL[what] + r")\b", code):
            before = code[:match.start() + 1].rstrip(": \n\t")
            word = re.search(r"\w+$", before)
            if not before.endswith(">") and (not word or word.group() in NO_TYPE | {"using"}):
                found[match.start()] = match.group()
        for match in re.finditer(r"(?<![\w.>:])(" + FREE[what] + r")\s*\(", code):
            name = match.group(1)
            if re.search(r"(?:\.|->|::)\s*$", code[:match.start()]):
                continue
            if name == "exists" and re.match(r"\s*[\w.*:()]*files", code[match.end():]):
                continue  # eventstore::exists(files, path)
            if name not in ours:
                found[match.start()] = match.group()
        for match in re.finditer(r"[=(]\s*&\s*(" + FREE[what] + r")\s*[;,)]|\(\s*(" + FREE[what] + r")\s*\)\s*\(", code):
            name = match.group(1) or match.group(2)  # its address, or a call in parentheses
            if name not in ours:
                found[match.start()] = name
        for offset, name in found.items():
            at = offset + len(name) - len(name.lstrip())
            yield f"{path}:{line_of(code, at)}: {what}, which is the runtime's: {compact(name)}"


def alias_breaches(path, code):
    if path.startswith("tests/"):
        return
    for match in ALIAS.finditer(code):
        if compact(match.group(2)) not in ALIASES.get(match.group(1), "").split():
            yield f"{path}:{line_of(code, match.start())}: an alias hides names from the rules: {match.group(1)}"
    for match in DIRECTIVE.finditer(code):
        name = compact(match.group(1))
        if name not in DIRECTIVES and not name.startswith("std::literals") and not name.endswith("_literals"):
            yield f"{path}:{line_of(code, match.start())}: a using-directive hides names from the rules: {name}"
    if path == "domain/result.h":
        return  # FLORIN_TRY makes a name of the line's number
    for match in HIDDEN.finditer(code):
        yield f"{path}:{line_of(code, match.start())}: hides a name from the rules: {compact(match.group())}"


def device_breaches(path, text_without_comments):
    if path.startswith(("tests/", "eventstore/runtime/")):
        return
    for match in DEVICE.finditer(text_without_comments):
        yield f"{path}:{line_of(text_without_comments, match.start())}: draws a random number, which is the runtime's: {match.group()}"


# ---- the rules' own test ---------------------------------------------------------------------------------------------

MACHINE_SOUND = {
    "sagas/one.cpp": "void poll();\nvoid open(int a);\nvoid f() { poll(); open(1); x.open(2); y->time(3); Log::open(n); }\n"
                     "auto n = std::thread::hardware_concurrency(); fs::path p; std::filesystem::path q;\n"
                     "co_await wait(x); clock_.now(); at.wait(lock); io.poll(); std::erase(a, 1);\n"
                     "auto r = exists(files, p); auto s = exists(machine_files(), p); auto t = Store::time(1);\n",
    "sagas/member.cpp": "struct Member {\n  Member() : poll(context) {}\n  EventPoll poll;\n};\n",
    "sagas/two.h": "#pragma once\nstruct Two {\n  void unlink(int x);\n  void time(int x);\n  Result<Unit> link();\n};\n",
    "sagas/two.cpp": '#include "sagas/two.h"\nvoid Two::time(int x) { unlink(x); time(1); return link(); }\n',
    "sagas/three.cpp": "namespace fs = std::filesystem;\nnamespace asio = boost::asio;\nusing namespace domain;\n"
                       "using namespace std::chrono;\nusing namespace std::string_view_literals;\n"
                       "int time_of = 1; thread_local int y; auto z = on_timer(time, open, poll);\n",
    "api/http/server.cpp": '#include "api/http/server.h"\n' "steady_clock c; steady_timer t; done.wait_for(x); std::thread u;\n",
}

CLOCKS = [
    "auto t = std::chrono::steady_clock::now();", "using Steady = std::chrono::steady_clock;",
    "using std::chrono::system_clock;", "auto t = high_resolution_clock::now();", "auto t = file_clock::now();",
    "auto t = std::chrono::\n  steady_clock\n  ::now();", "auto t = std :: chrono :: utc_clock :: now();",
    "auto t = MyClock::now();", "auto t = MyClock ::\n now();", "auto t = SteadyTime::clock::now();",
    "using C = SteadyTime::clock;", "template <class C> auto read() { return C::now(); }", "auto t = Timer::clock_type::now();", "auto t = __rdtsc();",
    "auto f = &time;", "auto t = (time)(nullptr);", "auto t = f(&time);", "auto t = time(nullptr);", "return time(nullptr);",
    "return ::time(&t);", "auto t = ::\n time(nullptr);", "auto t = std::time(nullptr);", "auto t = std::clock();", "auto t = ::clock();",
    "timespec_get(&t, TIME_UTC);", "auto f = &clock_gettime;", "::gettimeofday(&t, nullptr);", "using ::time;", "using std::time;",
    "template <class C = std::chrono::steady_clock> struct A;",
    "auto a = b * time(nullptr);", "auto a = b && time(nullptr) > 0;", "f(time(nullptr));",
]
WAITS = [
    "asio::steady_timer timer(io);", "boost::asio::system_timer timer(io);", "asio::deadline_timer timer(io);",
    "asio::basic_waitable_timer<X> timer(io);", "changed.wait_for(lock, x);", "changed->wait_until(lock, x);",
    "changed.\n  wait_for(lock, x);", "poll(fds, 0, 5);", "::poll(fds, 0, 5);", "ppoll(fds, 0, 0, 0);", "select(0, 0, 0, 0, &t);",
    "::select(0, 0, 0, 0, &t);", "sleep(1);", "::sleep(1);", "usleep(5);", "nanosleep(&t, 0);", "std::this_thread::sleep_for(x);",
    "std::this_thread::\n  sleep_until(x);", "using std::this_thread::sleep_for;", "m.try_lock_for(x);", "s.try_acquire_until(x);",
    "epoll_wait(fd, 0, 0, 5);", "boost::this_thread::sleep(x);", "(sleep)(1);",
]
DRAWS = [
    "std::random_device device;", "using std::random_device;", "std::mt19937 engine(1);", "std::mt19937_64 engine(1);", "std::minstd_rand engine;",
    "std::default_random_engine engine;", "std::mersenne_twister_engine<int> engine;", "auto x = rand();", "return ::rand();",
    "auto x = std::rand ();", "srand(1);", "using std::rand;", "auto f = &std::srand;", "auto x = ::random();", "auto x = arc4random();", "arc4random_buf(p, 8);", "auto x = arc4random_uniform(3);",
    "getrandom(p, 8, 0);", "getentropy(p, 8);", "RAND_bytes(p, 16);", "RAND_priv_bytes(p, 16);", "auto f = &RAND_bytes;",
    "sqlite3_randomness(8, p);", "auto x = drand48();", 'auto x = read_all("/dev/urandom");',
]
FILES = [
    "int fd = ::open(name, 0);", "int fd = open(name, 0);", "return open(name, 0);", "int fd = f(O_RDONLY);", "int fd = openat(d, name, 0);",
    "int fd = creat(name, 0);", "link(a, b);", "::link(a, b);", "truncate(name, 0);", "::ftruncate(fd, 0);", "unlink(name);", "return ::unlink(name);",
    "mkdir(name, 0);", "rename(a, b);", "::rename(a, b);", "auto f = &::unlink;", "using ::open;", "auto f = fopen(name, mode);", "std::fopen(n, m);", "std::remove(name);",
    "std::rename(a, b);", "std :: remove(name);", "std::filesystem::exists(file);", "std::filesystem::file_size(file);",
    "std::filesystem::permissions(file, x);", "std::filesystem::remove(file, error);", "std::filesystem::remove_all(file);",
    "std::filesystem::create_directories(file);", "std::filesystem::create_symlink(a, b);", "std::filesystem::copy(a, b);",
    "std::filesystem::copy_file(a, b);", "std::filesystem::rename(a, b);", "std::filesystem::resize_file(a, 1);",
    "for (auto x : std::filesystem::directory_iterator(a)) f(x);", "std::filesystem::last_write_time(a);", "std::filesystem::space(a);",
    "std::filesystem::is_regular_file(a);", "std::filesystem::\n  status(a);", "fs::is_directory(a);", "fs::canonical(a);",
    "using std::filesystem::exists;", "exists(file);", "remove(file);", "file_size(file);", "create_directories(file);",
    "std::ifstream in(name);", "std::ofstream out(name);", "std::fstream both(name);", "std::filebuf in;", "std::basic_filebuf<char> in;",
    "std::basic_ifstream<char> in;", "auto f = &open;", "auto fd = (open)(name, 0);", "syscall(SYS_write, 1, p, 3);", "toml::parse_file(name);",
    "asio::stream_file file(io);", "padded_string::load(name);", "boost::filesystem::exists(name);", "canonical(file);", "permissions(file, x);",
    "auto s = space(file);", "return absolute(file);", "BIO_new_file(name, mode);",
]
THREADS = [
    "std::thread worker(run);", "std :: thread worker(run);", "using std::thread;", "using Worker = std::\n  thread;", "std::jthread worker(run);",
    "jthread worker(run);", "boost::thread worker(run);", "asio::thread_pool pool(2);", "auto f = std::async(run);", "using std::async;",
    "auto p = fork();", "auto p = ::fork();", "return fork();", "auto p = vfork();", "posix_spawn(&p, a, b);", "posix_spawnp(&p, a, b);",
    "pthread_create(&p, 0, run, 0);", "asio::post(asio::system_executor(), f);", "boost::async(run);", "sort(std::execution::par, a, b);", "auto f = &fork;", "popen(name, mode);", "system(name);",
]
ALIASED = [
    ("namespace es = eventstore;", "an alias hides"), ("namespace es = florin::eventstore;", "an alias hides"), ("namespace s = std;", "an alias hides"),
    ("namespace chr = std::chrono;", "an alias hides"), ("namespace chr =\n  ::std::chrono;", "an alias hides"), ("namespace disk = std::filesystem;", "an alias hides"),
    ("namespace net = boost::asio;", "an alias hides"), ("namespace asio = std;", "an alias hides"),
    ("using namespace std;", "a using-directive hides"), ("using namespace ::std;", "a using-directive hides"),
    ("using namespace std::filesystem;", "a using-directive hides"), ("using namespace eventstore;", "a using-directive hides"),
    ("using namespace boost::asio;", "a using-directive hides"), ("using namespace std::this_thread;", "a using-directive hides"),
    ("using namespace florin::eventstore;", "a using-directive hides"),
    ('extern "C" int open(char const*, int);', "hides a name"), ("extern long time(long*);", "hides a name"), ("#define NOW(a, b) a##b", "hides a name"),
    ("auto t = steady_\\\nclock(1);", "hides a name"), ("auto t = stead\\u0079_x(1);", "hides a name"), ("auto f = dlsym(a, b);", "hides a name"),
]
MACHINE_BROKEN = [(f"{folder}/a.cpp", text + "\n", what)
                  for what, folder, texts in (("reads a clock", "sagas", CLOCKS), ("waits", "projections", WAITS),
                                              ("draws a random number", "api/ledger", DRAWS), ("works on a file", "eventstore/store", FILES),
                                              ("starts a thread", "eventstore/engine", THREADS))
                  for text in texts]
MACHINE_BROKEN += [("api/routes/a.cpp", text + "\n", what) for text, what in ALIASED]
