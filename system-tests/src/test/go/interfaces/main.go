// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import "errors"
import "fmt"
import "runtime"

type shape interface{ Area() float64 }
type square struct{ side float64 }
type circle struct{ r int }

func (s square) Area() float64  { return s.side * s.side }
func (c *circle) Area() float64 { return float64(c.r) }

func main() {
	var sq shape = square{2}
	var ci shape = &circle{3}
	var none shape
	var any interface{} = 42
	var text interface{} = "text"
	var list interface{} = []int{1, 2}
	var nothing interface{}
	var typed interface{} = (*circle)(nil)
	err := errors.New("an error")
	wrapped := fmt.Errorf("wrap: %w", err)
	var noerr error
	shapes := []shape{sq, ci, nil}
	runtime.Breakpoint()
	fmt.Println(sq, ci, none, any, text, list, nothing, typed, err, wrapped, noerr, shapes)
}
