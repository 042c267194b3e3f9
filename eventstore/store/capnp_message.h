// Cap'n Proto's headers, in the one way that every compiler of the house accepts. Include this, never <capnp/…>.
#pragma once

#ifdef __clang__
// Cap'n Proto 0.9 leaves out "text == StringPtr" where C++20 would reverse the arguments itself; since P2468, which
// clang implements, it no longer does. Let that header believe that there is no three-way comparison.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wbuiltin-macro-redefined"
#pragma push_macro("__cpp_impl_three_way_comparison")
#undef __cpp_impl_three_way_comparison
#include <kj/string.h>
#pragma pop_macro("__cpp_impl_three_way_comparison")
#pragma clang diagnostic pop
#endif

#include <capnp/message.h>
#include <capnp/serialize.h>
