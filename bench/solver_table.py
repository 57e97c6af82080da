# SPDX-License-Identifier: MIT
"""The table of docs/maths/solvers.md from what `covey compare FEATURES ... --solvers --csv` prints.

    covey compare FEATURES -k 18 --normalize l2 --loss all --solvers --csv | solver_table.py
"""
import csv
import sys


def main():
    print("| loss | solver | objective | gap to the best | iterations | evaluations | solved | ms |")
    print("|---|---|---|---|---|---|---|---|")
    before = ""
    for row in csv.DictReader(sys.stdin):
        name = row["loss"] if row["loss"] != before else ""
        before = row["loss"]
        print(f"| {name} | {row['solver']} | {float(row['objective']):.10g} | "
              f"{float(row['gap']):.1e} | {row['iterations']} | {row['evaluations']} | "
              f"{row['converged']}/{row['clusters']} | {1e3 * float(row['seconds']):.2f} |")


if __name__ == "__main__":
    main()
