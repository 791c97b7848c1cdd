// One training step (forward, backward, Adam) of five networks: xgrad's eager graph against code written by hand.
#include "eager.hpp"
#include "hand_written.hpp"
#include "ratio_reporter.hpp"

using namespace xg_bench;

template <class Program> void add(Suite& suite, const char* contender, const Net& net) {
  suite.add(net.name, contender, [net] {
    return [program = std::make_shared<Program>(net)] { benchmark::DoNotOptimize(program->step()); };
  });
}

int main(int argc, char** argv) {
  Suite suite("step", argc, argv);
  for (const Net& net : nets()) {
    add<HandWritten>(suite, "by hand", net);
    add<Eager>(suite, "xgrad", net);
  }
  return suite.run();
}
