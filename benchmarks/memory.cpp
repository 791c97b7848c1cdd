// Peak bytes of a training step, parameters, optimizer state and data included: xgrad's blocks against the buffers of
// the code written by hand.
#include "eager.hpp"
#include "hand_written.hpp"
#include "ratio_reporter.hpp"

#include <xgrad/tensor/memory.hpp>

using namespace xg_bench;

double peak_bytes(const Net& net) {
  const auto before = static_cast<double>(xg::memory::statistics().bytes_in_use);
  Eager program(net);
  for (int i = 0; i < 3; ++i) program.step();
  xg::memory::reset_peak();
  program.step();
  return static_cast<double>(xg::memory::statistics().peak_bytes_in_use) - before;
}

int main(int argc, char** argv) {
  Suite suite("memory", argc, argv);
  for (const Net& net : nets()) {
    suite.add_bytes(net.name, "by hand", static_cast<double>(HandWritten(net).bytes()));
    suite.add_bytes(net.name, "xgrad", peak_bytes(net));
  }
  return suite.run();
}
