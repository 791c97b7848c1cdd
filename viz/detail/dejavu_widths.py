#!/usr/bin/env python3
"""Writes dejavu_widths.cpp: advance widths of DejaVu Sans, regular and bold, in 1/2048 em.

Needs fontTools and fonts-dejavu-core:  ./dejavu_widths.py /usr/share/fonts/truetype/dejavu > dejavu_widths.cpp
"""
import sys
from fontTools.ttLib import TTFont

RANGES = [
    (0x0020, 0x017F, "Basic Latin, Latin-1, Latin Extended-A"),
    (0x0370, 0x04FF, "Greek, Cyrillic"),
    (0x2000, 0x206F, "General punctuation"),
    (0x2070, 0x20BF, "Superscripts, subscripts, currency"),
    (0x2100, 0x214F, "Letterlike symbols"),
    (0x2190, 0x22FF, "Arrows, mathematical operators"),
    (0x2500, 0x25FF, "Box drawing, geometric shapes"),
]


def main(folder):
    print("// Written by dejavu_widths.py from DejaVu Sans 2.37; do not edit.")
    print("#include <xgrad/viz/detail/dejavu_widths.hpp>\n")
    print("#include <array>\n\nnamespace xg::viz::detail {\nnamespace {\n")
    for name, file in (("regular", "DejaVuSans.ttf"), ("bold", "DejaVuSans-Bold.ttf")):
        font = TTFont(f"{folder}/{file}")
        assert font["head"].unitsPerEm == 2048
        cmap, widths = font.getBestCmap(), font["hmtx"]
        for first, last, title in RANGES:
            values = [widths[cmap[c]][0] if c in cmap else 0 for c in range(first, last + 1)]
            print(f"// {title}. A zero is a character that the font does not have, or one without a width.")
            print(f"constexpr std::array<std::uint16_t, {len(values)}> {name}_{first:04x} = {{", end="")
            line = ""
            for v in values:
                piece = f"{v}, "
                if len(line) + len(piece) > 112:
                    print("\n    " + line.rstrip(), end="")
                    line = ""
                line += piece
            print("\n    " + line.rstrip(", ") + "};\n")
    for name in ("regular", "bold"):
        print(f"constexpr std::array<WidthRange, {len(RANGES)}> {name}_ranges = {{{{")
        for first, last, _ in RANGES:
            print(f"    {{0x{first:04x}, 0x{last:04x}, {name}_{first:04x}.data()}},")
        print("}};\n")
    print("}  // namespace\n")
    print("std::span<const WidthRange> dejavu_widths(bool bold) {")
    print("  if (bold) return bold_ranges;\n  return regular_ranges;\n}\n\n}  // namespace xg::viz::detail")


main(sys.argv[1])
