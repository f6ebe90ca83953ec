// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"fmt"
	"os"
	"time"
)

type point struct{ X, Y int }

type shape interface{ area() int }

type square struct {
	side int
	at   *point
}

func (s *square) area() int { return s.side * s.side }

var total int

func add(a, b int) int {
	c := a + b
	total += c
	return c
}

func deep(n int) int {
	if n == 0 {
		return 1
	}
	return n * deep(n-1)
}

func values() {
	p := point{1, 2}
	var s shape = &square{3, &p}
	names := map[string]int{"one": 1}
	points := map[point]*point{p: &p}
	list := []point{{1, 1}, {2, 2}, {3, 3}}
	long := make([]int, 100)
	bytes := []byte("some bytes")
	var none *point
	z := complex(1, 2)
	u := uint8(200)
	text := "text"
	var e error = fmt.Errorf("failed")
	f := add
	total += s.area() + names["one"] + len(points) + len(list) + len(long) + len(bytes)
	fmt.Println(none, z, u, text, e, f(1, 2))
}

func fail() {
	var m map[string]int
	m["x"] = 1
}

func main() {
	for i := 0; i < 5; i++ {
		add(i, i)
	}
	values()
	fmt.Println(deep(3))
	if len(os.Args) > 1 && os.Args[1] == "wait" {
		for {
			time.Sleep(10 * time.Millisecond)
			total++
		}
	}
	if len(os.Args) > 1 && os.Args[1] == "fail" {
		fail()
	}
	fmt.Println("end", total)
}
