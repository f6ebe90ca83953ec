// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

func add(a, b int) int {
	return a + b
}

func name(s string, xs []int) (string, error) {
	return s + "!", nil
}

func main() {
	total := 0
	for i := 0; i < 3; i++ {
		total = add(total, i)
	}
	s, _ := name("n", []int{1, 2})
	println(total, s)
}
