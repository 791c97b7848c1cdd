#!/usr/bin/env bash
# Installs what is missing, builds, and runs the three programs on real data. Their pictures and reports are in out/.
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
install_missing "${packages[@]}"
cmake_options=(-DXGRAD_EXAMPLES=ON -DXGRAD_RASTER=ON)
build tutorial titanic house_prices
dir=${XGRAD_BUILD:-build}
"$dir/examples/tutorial" out/tutorial
"$dir/examples/titanic" data/titanic.csv out/titanic
"$dir/examples/house_prices" data/ames.csv out/house_prices
cat <<END

Look at
  $PWD/out/titanic/report.html        why the network thinks that a passenger survived
  $PWD/out/house_prices/report.html   what makes the price of a house
  $PWD/out/tutorial/                  the tutorial's own pictures
END
