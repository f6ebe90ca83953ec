// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import "runtime"

type list[T any] struct {
	head T
	tail *list[T]
}

func (l *list[T]) length() int {
	n := 0
	for c := l; c != nil; c = c.tail {
		n++
	}
	return n
}

type pair[K comparable, V any] struct {
	key   K
	value V
}

func apply[T, U any](x T, f func(T) U) U {
	r := f(x)
	runtime.Breakpoint()
	return r
}

type number interface{ ~int | ~float64 }

func sum[T number](xs ...T) T {
	var total T
	for _, x := range xs {
		total += x
	}
	return total
}

func main() {
	l := &list[int]{1, &list[int]{2, nil}}
	s := list[string]{"a", nil}
	p := pair[string, int]{"k", 1}
	runtime.Breakpoint()
	println(l.length(), s.head, p.key)
	println(apply(3, func(i int) string { return "x" }))
	println(apply("y", func(s string) int { return len(s) }))
	println(sum(1, 2, 3), sum(1.5, 2.5))
}
