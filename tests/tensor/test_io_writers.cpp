// Writing files: completely or not at all, beside other writers and readers.
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/io.hpp>
#include <xgrad/tensor/io/atomic_file.hpp>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

using namespace xg;
using xg_test::content;
using xg_test::expect_close;
using xg_test::TemporaryFolder;
namespace fs = std::filesystem;

// Breaks if a failed write damages the old file, leaves a temporary one, or does not say why.
TEST_CASE("writers replace a file completely or not at all") {
  const TemporaryFolder folder;
  const std::string path = folder / "a.npy";
  save_npy(path, ones({2}));
  const std::string old = content(path);
  {
    AtomicFile file(path, "test");
    file.write("half of");
    CHECK(folder.count() == 2);
  }  // given up
  CHECK(content(path) == old);
  CHECK(folder.count() == 1);
  CHECK_ERROR(save_npy("/dev/full", ones({2})), IoError, "[save_npy]", "/dev/full", "No space left", "free some space");
  CHECK_ERROR(save_npy(folder / "no/such/a.npy", ones({2})), IoError, "no folder", "create it");
  CHECK_ERROR(save_npy(folder.path.string(), ones({2})), IoError, "folder");
  CHECK_ERROR(save_npy("", ones({2})), IoError, "[save_npy]", "empty");
  if (::geteuid() != 0) {  // root may write anywhere
    fs::permissions(folder.path, fs::perms::owner_read | fs::perms::owner_exec);
    CHECK_ERROR(save_npy(path, zeros({3})), IoError, "Permission denied", "permissions");
    CHECK(content(path) == old);
    fs::permissions(folder.path, fs::perms::owner_all);
  }
  ::chmod(path.c_str(), 0640);
  write_file_atomically(path, "new", "test");
  CHECK(content(path) == "new");
  struct stat info {};
  CHECK(::stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0640);
  fs::create_symlink("a.npy", folder.path / "link");
  write_file_atomically(folder / "link", "through the link", "test");
  CHECK(fs::is_symlink(folder.path / "link"));
  CHECK(content(path) == "through the link");
}

// Breaks if litter of killed writers stays, or a file that is still being written is taken for litter.
TEST_CASE("temporary files of killed writers are removed by the next") {
  for (const std::string& name : {std::string("a.npy"), "b " + std::string(240, 'x') + ".npy"}) {
    const TemporaryFolder folder;
    const std::string path = folder / name;
    // Killed in the middle, more than once.
    for (int i = 0; i < 3; ++i) {
      const pid_t child = ::fork();
      if (child == 0) {
        AtomicFile file(path, "test");
        file.write("half of");
        ::raise(SIGKILL);
      }
      int status = 0;
      REQUIRE(::waitpid(child, &status, 0) == child);
      REQUIRE(WIFSIGNALED(status));
      CHECK(folder.count() == 1);  // each removes what the one before it left
    }
    // Files that others are writing and files with similar names are no litter of this one.
    AtomicFile writing(path, "test");
    writing.write("the other");
    const std::string stem = name.substr(0, 5);
    for (const std::string& other : {stem + "npy.1-2.tmp.gz", stem + ".12.tmp", stem + ".a-b.tmp", stem + ".tmp"})
      folder.put(other, "mine");
    CHECK(folder.count() == 5);
    write_file_atomically(path, "new", "test");
    CHECK(content(path) == "new");
    CHECK(folder.count() == 6);
    writing.commit();
    CHECK(content(path) == "the other");
    CHECK(folder.count() == 5);
    folder.put("c.npy." + std::to_string(::getpid()) + "-77.tmp", "of a process of the same number");
    folder.put("c.npy." + std::to_string(::getppid()) + "-77.tmp", "of a process that lives");
    write_file_atomically(folder / "c.npy", "new", "test");
    CHECK(folder.count() == 7);
  }
}

// Breaks if space for a suffix is taken from names that the file system allows.
TEST_CASE("names as long as they may be are saved") {
  const TemporaryFolder folder;
  for (const std::size_t length : {std::size_t{228}, std::size_t{229}, std::size_t{240}, std::size_t{255}}) {
    const std::string name = std::string(length - 4, 'n') + ".npy";
    save_npy(folder / name, ones({2}));
    expect_close(load_npy(folder / name), ones({2}), 0, 0);
  }
  std::string umlauts;
  while (umlauts.size() < 252) umlauts += "ü";
  save_npy(folder / umlauts, ones({2}));
  expect_close(load_npy(folder / umlauts), ones({2}), 0, 0);
  CHECK(folder.count() == 5);
  CHECK_ERROR(save_npy(folder / std::string(256, 'n'), ones({2})), IoError, "[save_npy]", "too long");
  CHECK(folder.count() == 5);
}

// Breaks if two writers of one name disturb each other, or a reader sees half of a file.
TEST_CASE("many writers and readers share one name") {
  const TemporaryFolder folder;
  const std::string path = folder / "shared.npy";
  save_npy(path, full({1}, 1.0));
  std::vector<pid_t> children;
  for (int c = 0; c < 3; ++c) {
    const pid_t child = ::fork();
    if (child == 0) {
      int bad = 0;
      try {
        for (int i = 1; i <= 60; ++i)
          write_file_atomically(path, std::string(static_cast<std::size_t>(i * 1000), 'x'), "test");
      } catch (...) {
        bad = 1;
      }
      ::_exit(bad);
    }
    children.push_back(child);
  }
  std::vector<std::thread> threads;
  std::atomic<int> bad{0};
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&] {
      try {
        for (int i = 1; i <= 60; ++i) {
          write_file_atomically(path, std::string(static_cast<std::size_t>(i * 1000), 'x'), "test");
          if (content(path).size() % 1000 != 0) ++bad;
        }
      } catch (const Error&) {
        ++bad;
      }
    });
  for (std::thread& thread : threads) thread.join();
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(status == 0);
  }
  CHECK(bad == 0);
  CHECK(content(path).size() % 1000 == 0);
  CHECK(folder.count() == 1);
}

// Breaks if a reader takes the size of what a path meant before it was opened, or waits for a pipe.
TEST_CASE("a file is read as it was opened") {
  const TemporaryFolder folder;
  const std::string path = folder / "replaced.npy";
  save_npy(path, ones({1}));
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (int i = 0; i < 200; ++i) save_npy(path, ones({1 + 2000 * (i % 2)}));
    done = true;
  });
  int failed = 0;
  while (!done) {
    try {
      load_npy(path);
    } catch (const IoError&) {
      ++failed;
    }
  }
  writer.join();
  CHECK(failed == 0);
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK_ERROR(load_npy(folder / "pipe"), IoError, "not a regular file");
}
