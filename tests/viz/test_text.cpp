#include "support/catch.hpp"

#include <xgrad/tensor/error.hpp>
#include <xgrad/viz/color.hpp>
#include <xgrad/viz/detail/format.hpp>
#include <xgrad/viz/detail/text_metrics.hpp>
#include <xgrad/viz/scene.hpp>
#include <xgrad/viz/theme.hpp>
#include <xgrad/viz/ticks.hpp>

#include <cmath>

using namespace xg::viz;

// Breaks if the width table is read at the wrong place, or a class of characters gets the wrong width.
TEST_CASE("text is as wide as DejaVu Sans sets it", "[viz]") {
  // Advance widths from the font: A 1401, i 569, m 1995, space 651, of 2048; bold A 1585.
  CHECK(text_width("A", 2048) == Approx(1401));
  CHECK(text_width("i", 2048) == Approx(569));
  CHECK(text_width("m", 2048) == Approx(1995));
  CHECK(text_width(" ", 2048) == Approx(651));
  CHECK(text_width("A", 2048, true) == Approx(1585));
  CHECK(text_width("Ami", 10) == Approx((1401 + 1995 + 569) / 204.8));
  CHECK(text_width("", 10) == 0);
  // East Asian wide characters are one em, combining marks nothing, a control character as wide as the replacement.
  CHECK(text_width("漢字", 10) == Approx(20));
  CHECK(text_width("한글", 10) == Approx(20));
  CHECK(text_width("e\xcc\x81", 10) == Approx(text_width("e", 10)));
  CHECK(text_width("−→Ωж", 2048) > 4000);
}

// Breaks if bytes that are not UTF-8, or characters that XML forbids, get through, or good ones do not.
TEST_CASE("decode replaces what no document may hold", "[viz]") {
  const std::string bad = "\xef\xbf\xbd";
  CHECK(encode(decode("plain, ä, 漢, 😀")) == "plain, ä, 漢, 😀");
  CHECK(encode(decode("a\nb\tc")) == "a b c");
  for (const std::string broken : {"\xff", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\x01",
                                   "\x1b", "\x7f", "\xef\xbf\xbf"}) {
    INFO(int(static_cast<unsigned char>(broken[0])));
    const std::string out = encode(decode(broken));
    CHECK(out.find(bad) == 0);
    CHECK(encode(decode(out)) == out);
  }
  CHECK(encode(decode(std::string("a\0b", 3))) == "a" + bad + "b");
  CHECK(encode(decode("\xe2\x82"
                      "A")) == bad + bad + "A");  // the letter after a truncated character survives
}

// Breaks if a line is wider than asked for, letters get lost, or a word that fits is broken.
TEST_CASE("wrap keeps to the width and loses nothing", "[viz]") {
  const std::string text = "the quick brown fox jumps over averylongwordthatfitsnowhere and 日本語の文章 ends";
  for (const double width : {30.0, 55.0, 120.0, 1000.0}) {
    std::string joined;
    for (const std::string& line : wrap(text, 12, width)) {
      CHECK(text_width(line, 12) <= std::max(width, 13.0) + 4);  // a space at the end may hang out
      joined += line;
    }
    std::string want = text, got = joined;
    want.erase(std::remove(want.begin(), want.end(), ' '), want.end());
    got.erase(std::remove(got.begin(), got.end(), ' '), got.end());
    CHECK(got == want);
  }
  CHECK(wrap("", 12, 50).size() == 1);
  CHECK(wrap("two words", 12, 1000) == std::vector<std::string>{"two words"});
  CHECK(wrap("abc", 12, 1).size() == 3);
}

// Breaks if a text's box is not where the letters are.
TEST_CASE("bounds of texts follow anchor, alignment and rotation", "[viz]") {
  Text t{{100, 50}, {{"Hello", Role::ink}, {" world", Role::muted, true}}, 20};
  const double w = text_width("Hello", 20) + text_width(" world", 20, true);
  CHECK(width(t) == Approx(w));
  CHECK(bounds(t).left == Approx(100));
  CHECK(bounds(t).right == Approx(100 + w));
  t.anchor = Anchor::middle;
  CHECK(bounds(t).centre().x == Approx(100));
  t.anchor = Anchor::end;
  CHECK(bounds(t).right == Approx(100));
  t.align = Align::middle;
  CHECK(baseline(t) == Approx(50 + 20 * cap_height / 2));
  t.rotate = -90;
  t.anchor = Anchor::middle;
  CHECK(bounds(t).height() == Approx(w));
  CHECK(bounds(t).centre().y == Approx(50));
}

// Breaks if zeros stay, a minus is ASCII, or a small or huge number loses its digits.
TEST_CASE("numbers as people read them", "[viz]") {
  CHECK(format_value(153572.359) == "153572.359");
  CHECK(format_value(2.5) == "2.5");
  CHECK(format_value(100) == "100");
  CHECK(format_value(-0.0) == "0");
  CHECK(format_value(-1640.654, 2) == "−1640.65");
  CHECK(format_value(NAN) == "NaN");
  CHECK(format_value(-INFINITY) == "−∞");
  CHECK(format_value(0.00012) == "0.00012");
  CHECK(format_value(1.2e-7) == "1.2×10⁻⁷");
  CHECK(format_value(9.999e-8, 3) == "1×10⁻⁷");
  CHECK(format_value(-3e12) == "−3×10¹²");
  CHECK(format_signed(10660.91) == "+10660.91");
  CHECK(format_signed(-581.79) == "−581.79");
  CHECK(format_signed(0) == "+0");
  CHECK(format_signed(-0.0) == "+0");
  CHECK(format_fixed(-0.001, 2) == "0.00");
  CHECK(format_fixed(1234567.5, 1, true) == "1,234,567.5");
  CHECK(format_fixed(-22051, 0, true) == "−22,051");
  CHECK(format_fixed(2005, 0, true) == "2005");
  CHECK(format_count(1460) == "1,460");
  CHECK(format_count(891) == "891");
  CHECK(decimals_for(10660) == 2);
  CHECK(decimals_for(0.034) == 4);
  CHECK(power_of_ten(-12) == "10⁻¹²");
}

// Breaks if ticks are not round, leave the range, are too many, or their labels lose digits.
TEST_CASE("ticks are round and in range", "[viz]") {
  for (const double low : {-1e6, -3.3, 0.0, 1e-5, 0.98, 151234.0}) {
    for (const double span : {1e-7, 0.013, 1.0, 7.0, 12345.0, 3e8}) {
      for (const std::size_t most : {2u, 5u, 9u}) {
        const Ticks t = linear_ticks(low, low + span, most);
        INFO(low << " + " << span << ", " << most);
        CHECK(t.positions.size() == t.labels.size());
        CHECK(t.positions.size() <= most);
        for (std::size_t i = 0; i < t.positions.size(); ++i) {
          CHECK(t.positions[i] >= low - 1e-6 * span);
          CHECK(t.positions[i] <= low + span * (1 + 1e-6));
          if (i > 0 && span > 1e-6) CHECK(t.labels[i] != t.labels[i - 1]);
        }
      }
    }
  }
  CHECK(linear_ticks(0, 1, 6).labels == std::vector<std::string>{"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"});
  CHECK(linear_ticks(-10, 10, 5).labels == std::vector<std::string>{"−10", "−5", "0", "5", "10"});
  CHECK(linear_ticks(1, 1, 5).positions.empty());
  CHECK(linear_ticks(NAN, 1, 5).positions.empty());
  CHECK(log_ticks(0.5, 2000).labels == std::vector<std::string>{"1", "10", "100", "1000"});
  CHECK(log_ticks(1e-12, 1e12, 5).positions.size() <= 5);
  CHECK(log_ticks(1e-9, 1e-1, 4).labels[0] == "10⁻⁹");
}

// Breaks if colours are parsed wrongly, maps leave their ends, or a role has no colour.
TEST_CASE("colours, maps and themes", "[viz]") {
  CHECK(Color::parse("#0072B2") == Color{0, 114, 178});
  CHECK(Color::parse("#f00") == Color{255, 0, 0});
  CHECK(Color::parse("steelblue").hex() == "#4682b4");
  CHECK_ERROR(Color::parse("#12345"), xg::ValueError, "[color]", "#12345", "steelblue");
  CHECK_ERROR(Paint("C9"), xg::ValueError, "C9", "C0");
  CHECK(Paint("C3").role == Role::series);
  CHECK(viridis(0).hex() == "#440154");
  CHECK(viridis(1).hex() == "#fde725");
  CHECK(viridis(7).hex() == "#fde725");
  CHECK(red_blue(0).hex() == "#008bfb");
  CHECK(red_blue(0.5).hex() == "#9a25ae");
  CHECK(red_blue(1).hex() == "#ff0051");
  CHECK(red_blue(NAN).hex() == "#777777");
  // Text must stand out: WCAG asks for 4.5 to 1.
  for (const Theme& t : {Theme::light, Theme::dark, Theme::paper, Theme::tutorial}) {
    const auto contrast = [](const Color& a, const Color& b) {
      const double x = luminance(a), y = luminance(b);
      return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
    };
    CHECK(contrast(t.ink, t.background) > 7);
    CHECK(contrast(t.muted, t.background) > 4.5);
    CHECK(contrast(t.positive, t.background) > 3);
    CHECK(contrast(t.negative, t.background) > 3);
  }
  Theme mine = Theme::light;
  mine.palette[0] = Color::parse("#aa3377");
  CHECK(mine.resolve(Paint::series(0)).hex() == "#aa3377");
  CHECK_FALSE(mine == Theme::light);
}
