#include "api/cli/cli.h"

int main(int argc, char** argv) { return florin::api::run(argc, argv); }
