// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import "fmt"

type seq func(yield func(int) bool)

func upTo(n int) seq {
	return func(yield func(int) bool) {
		for i := 0; i < n; i++ {
			if !yield(i) {
				return
			}
		}
	}
}

func pairs(m []string) func(func(int, string) bool) {
	return func(yield func(int, string) bool) {
		for i, s := range m {
			if !yield(i, s) {
				return
			}
		}
	}
}

func sum(limit int) int {
	total := 0
	for v := range upTo(limit) {
		total += v
		if total > 2 {
			break
		}
	}
	return total
}

func find(words []string, wanted string) int {
	count := 0
	for i, w := range pairs(words) {
		for k := range upTo(i) {
			count += k
		}
		if w == wanted {
			return i
		}
	}
	return -1
}

func deferring() {
	for i := range upTo(2) {
		defer fmt.Println("deferred", i)
	}
	fmt.Println("after")
}

func main() {
	fmt.Println(sum(5))
	fmt.Println(find([]string{"a", "b", "c"}, "c"))
	deferring()
}
