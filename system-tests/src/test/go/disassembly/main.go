// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import "fmt"

var counter int

type point struct{ x, y int32 }

var where point

var held any = 7

var text = "abc"

func bump(n int) {
	counter += n
}

func deep(n int) int {
	var pad [512]byte
	pad[n%512] = byte(n)
	if n == 0 {
		return int(pad[0])
	}
	return deep(n-1) + int(pad[n%512])
}

func add(total *int, n int) {
	*total += n
}

func local() int {
	total := 0
	p := &total
	for i := 0; i < 3; i++ {
		total += i
		deep(100 * (i + 1))
		add(p, 1)
	}
	return *p
}

func recovering() {
	defer func() { recover() }()
	inner()
}

func inner() {
	value := 1
	q := &value
	if *q == 1 {
		value = 2
		panic("left")
	}
}

func main() {
	for i := 1; i <= 3; i++ {
		bump(i)
		where.y = int32(i)
		fmt.Println("round", i, counter)
	}
	fmt.Println(local())
	recovering()
	fmt.Println(local())
	fmt.Println(where)
}
