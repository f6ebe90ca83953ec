// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"errors"
	"fmt"
	"runtime"
)

type T struct{ a, b int }

func (t T) Sum() int             { return t.a + t.b }
func (t *T) Set(n int)           { t.a = n }
func (t *T) Str(s string) string { return fmt.Sprint(s, t.a) }

type E struct{ *T }

type I interface{ Sum() int }

func add(x, y int) int                             { return x + y }
func two(s string, f float64) (string, float64)    { return s + "!", f * 2 }
func many(a, b, c, d, e, f, g, h, i, j, k int) int { return a + b + c + d + e + f + g + h + i + j + k }
func fails()                                       { panic(errors.New("bad")) }
func none()                                        {}
func big(t [4]int, s struct{ X, Y string }) ([3]int, error) {
	return [3]int{t[0], t[1], len(s.X)}, errors.New(s.Y)
}
func grow(n int) int {
	var pad [1024]byte
	if n == 0 {
		return int(pad[3])
	}
	return grow(n-1) + 1
}

var global = "g"

func main() {
	t := &T{1, 2}
	v := T{3, 4}
	e := E{t}
	var i I = v
	s := "text"
	n := 5
	f := func(x int) int { return x + n }
	arr := [4]int{1, 2, 3, 4}
	st := struct{ X, Y string }{"x", "yy"}
	runtime.Breakpoint()
	fmt.Println(t, v, e, i.Sum(), s, n, f(1), add(1, 2), global)
	fmt.Println(two("a", 1))
	fmt.Println(many(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), t.Str(s), v.Sum())
	t.Set(5)
	fmt.Println(big(arr, st))
	fmt.Println(grow(1))
	none()
	if n == 0 {
		fails()
	}
}
