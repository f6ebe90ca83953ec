// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

type item struct {
	id   int
	name string
}

func visit(i int, it *item) int {
	return i + it.id
}

func main() {
	total := 0
	for i := 0; i < 50; i++ {
		name := "odd"
		if i%2 == 0 {
			name = "even"
		}
		total += visit(i, &item{i * 2, name})
	}
	println(total)
}
