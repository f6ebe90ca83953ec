// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import "runtime"

type pair struct{ a, b int }

func main() {
	empty := []int{}
	var none []int
	numbers := []int{1, 2, 3, 4, 5}
	words := []string{"one", "two", "three three three"}
	many := make([]int, 100, 200)
	nested := [][]int{{1, 2}, {3}, nil}
	pairs := []pair{{1, 2}, {3, 4}}
	pointers := []*pair{{5, 6}, nil}
	anys := []interface{}{1, "two", nil, 3.5, pair{7, 8}, &pairs[0]}
	array := [3]int{7, 8, 9}
	grid := [2][2]int8{{1, 2}, {3, 4}}
	none2 := [0]int{}
	pointer := &array
	part := numbers[1:3]
	runtime.Breakpoint()
	println(empty, none, numbers, words, many, nested, pairs, pointers, anys, array[0], grid[0][0], len(none2), pointer, part)
}
