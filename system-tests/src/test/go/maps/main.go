// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import "runtime"

type key struct{ x, y int }
type large struct{ a [40]int }

func main() {
	var none map[string]int
	empty := map[string]int{}
	one := map[string]int{"k": 7}
	keyed := map[key]string{{1, 2}: "here"}
	values := map[int]*key{3: {4, 5}}
	big := map[string]large{"z": {}}
	bigKeys := map[large]bool{{}: true}
	many := map[int]int{}
	for i := 0; i < 1000; i++ {
		many[i] = i * i
	}
	anys := map[interface{}]interface{}{"a": 1}
	slices := map[string][]int{"s": {1, 2}}
	nested := map[string]map[string]int{"o": {"i": 1}}
	set := map[string]struct{}{"in": {}}
	floats := map[float64]bool{1.5: true}
	runtime.Breakpoint()
	println(none, empty, one, keyed, values, big, bigKeys, many, anys, slices, nested, set, floats)
}
