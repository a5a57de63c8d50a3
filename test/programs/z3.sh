#!/bin/sh
# SPDX-License-Identifier: MIT
#
# z3.sh -- z3: queens, pigeonholes, products, arrays; with models and a proof of unsatisfiability.
. "$(dirname "$0")/common.sh"
need z3 z3

"$python" "$inputs/puzzle.py" 100 >"$work/puzzle.smt2"
sed 's/(check-sat)/(check-sat)(get-info :reason-unknown)/' "$work/puzzle.smt2" >"$work/reasons.smt2"
cat >"$work/model.smt2" <<'END'
(declare-const x Int)(declare-const y Int)(declare-const s String)
(assert (and (> x 10) (< y 50) (= (+ (* 3 x) (* 5 y)) 187)))
(assert (= (str.len s) 7))(assert (str.contains s "acr"))
(check-sat)(get-model)
END
FILES="$work/puzzle.smt2 $work/reasons.smt2 $work/model.smt2"
LEAST_KIB=4000
same "puzzles" z3 puzzle.smt2
same "with reasons" z3 reasons.smt2
LEAST_KIB=500
same "a model" z3 model.smt2
grep -q unsat "$work/acre.out" && bad "the model's puzzle has a solution"
same "two threads" z3 parallel.enable=true parallel.threads.max=2 model.smt2
finish
