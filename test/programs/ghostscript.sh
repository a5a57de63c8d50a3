#!/bin/sh
# SPDX-License-Identifier: MIT
#
# ghostscript.sh -- ghostscript: pages to bitmaps, to PDF, and that PDF to a bitmap again.
. "$(dirname "$0")/common.sh"
need gs ghostscript

quiet="gs -q -dSAFER -dBATCH -dNOPAUSE"
FILES=$inputs/page.ps
LEAST_KIB=2000
# shellcheck disable=SC2086
same "bitmap" $quiet -sDEVICE=ppmraw -r80 -dpages=2 -sOutputFile=page.ppm page.ps
[ -s "$work/acre/page.ppm" ] || bad "no bitmap was written"
# shellcheck disable=SC2086
same "compressed bitmap" $quiet -sDEVICE=png16m -r60 -dTextAlphaBits=4 -dGraphicsAlphaBits=4 \
    -dpages=1 -sOutputFile=page.png page.ps
LEAST_KIB=0 # the shell is the one that claims the proof
# The PDF itself carries the time and a random id, so its picture is what is compared.
same "PDF and back" sh -c "$quiet -sDEVICE=pdfwrite -dpages=2 -sOutputFile=page.pdf page.ps &&
    $quiet -sDEVICE=ppmraw -r60 -sOutputFile=again.ppm page.pdf && test -s again.ppm && rm page.pdf"
finish
