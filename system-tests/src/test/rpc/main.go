// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Drives a headless debugger with Delve's own RPC package and prints what it answers.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strings"
	"time"

	"github.com/go-delve/delve/service/api"
	"github.com/go-delve/delve/service/rpc2"
)

var limits = api.LoadConfig{FollowPointers: true, MaxVariableRecurse: 1, MaxStringLen: 64, MaxArrayValues: 64, MaxStructFields: -1}

func show(what string, value any, err error) {
	if err != nil {
		fmt.Printf("%s: error: %v\n", what, err)
		return
	}
	text, err := json.Marshal(value)
	if err != nil {
		fmt.Printf("%s: cannot be shown: %v\n", what, err)
		return
	}
	fmt.Printf("%s: %s\n", what, text)
}

func state(what string, s *api.DebuggerState, err error) {
	if err == nil && s.Err != nil {
		err = s.Err
	}
	if s != nil {
		sort.Slice(s.Threads, func(i, j int) bool { return s.Threads[i].GoroutineID < s.Threads[j].GoroutineID })
		var with []*api.Thread
		for _, t := range s.Threads {
			if t.Breakpoint != nil || len(t.ReturnValues) > 0 {
				with = append(with, t)
			}
		}
		s.Threads = with
	}
	show(what, s, err)
}

func main() {
	client := rpc2.NewClient(os.Args[1])
	source := os.Args[2]
	client.SetReturnValuesLoadConfig(&limits)
	fmt.Println("attached", client.AttachedToExistingProcess(), "several", client.IsMulticlient(), "pid", client.ProcessPid() > 0)
	version := client.GetVersion()
	show("version", []any{version.APIVersion, version.Backend, version.TargetGoVersion, version.MinSupportedVersionOfGo}, nil)
	s, err := client.GetState()
	show("reason", s.StopReason, err)
	for _, name := range []string{"main.add", "main.values", "main.nosuch"} {
		locations, _, err := client.FindLocation(api.EvalScope{GoroutineID: -1}, name, false, nil)
		show("find "+name, locations, err)
	}
	b, err := client.CreateBreakpoint(&api.Breakpoint{
		FunctionName: "main.add", Name: "adds", Cond: "a == 2", Variables: []string{"a + b", "nosuch"},
		Stacktrace: 2, Goroutine: true, LoadArgs: &limits, LoadLocals: &limits,
	})
	show("breakpoint", b, err)
	_, err = client.CreateBreakpoint(&api.Breakpoint{FunctionName: "main.add"})
	show("twice", nil, err)
	_, err = client.CreateBreakpoint(&api.Breakpoint{Name: "1", FunctionName: "main.deep"})
	show("name", nil, err)
	_, err = client.CreateBreakpoint(&api.Breakpoint{File: source, Line: 3})
	show("line", nil, err)
	b, err = client.CreateBreakpoint(&api.Breakpoint{File: source, Line: 54, HitCond: ">= 1"})
	show("breakpoint", b, err)
	s = <-client.Continue()
	state("continue", s, s.Err)
	scope := api.EvalScope{GoroutineID: -1}
	for _, e := range []string{"a", "a + b", "&a", "total", "nosuch", "runtime.curg.goid", "add(1, 2)"} {
		v, err := client.EvalVariable(scope, e, limits)
		show("eval "+e, v, err)
	}
	show("set", nil, client.SetVariable(scope, "b", "7"))
	args, err := client.ListFunctionArgs(scope, limits)
	show("args", args, err)
	s, err = client.Next()
	state("next", s, err)
	s, err = client.StepOut()
	state("stepout", s, err)
	show("toggle", nil, func() error { _, err := client.ToggleBreakpointByName("adds"); return err }())
	b, err = client.GetBreakpointByName("adds")
	show("toggled", b, err)
	b.Cond = "a == 100"
	show("amend", nil, client.AmendBreakpoint(b))
	s = <-client.Continue()
	state("continue", s, s.Err)
	locals, err := client.ListLocalVariables(scope, limits)
	for _, v := range locals {
		show("local", v, nil)
	}
	show("locals", len(locals), err)
	frames, err := client.Stacktrace(-1, 10, 0, 0, &limits)
	for _, f := range frames {
		f.Locals = nil
		show("frame", f, nil)
	}
	show("frames", len(frames), err)
	s, err = client.Call(-1, "add(20, 3)", false)
	state("call", s, err)
	goroutines, _, err := client.ListGoroutines(0, 0)
	show("goroutines", len(goroutines) > 0, err)
	user, groups, _, many, err := client.ListGoroutinesWithFilter(0, 0, []api.ListGoroutinesFilter{{Kind: api.GoroutineUser}},
		&api.GoroutineGroupingOptions{GroupBy: api.GoroutineStartLoc, MaxGroupMembers: 5, MaxGroups: 5}, nil)
	for _, g := range user {
		g.ID, g.ThreadID, g.WaitSince = 0, 0, 0
	}
	show("user", user, err)
	show("groups", []any{groups, many}, nil)
	functions, err := client.ListFunctions("^main\\.", 0)
	show("functions", functions, err)
	sources, err := client.ListSources("main.go$")
	show("sources", sources, err)
	types, err := client.ListTypes("^main\\.")
	show("types", types, err)
	info, err := client.TypeInfo("main.square")
	show("type", info, err)
	variables, err := client.ListPackageVariables("^main\\.", limits)
	show("variables", variables, err)
	packages, err := client.ListPackagesBuildInfo("^main$|^command-line-arguments$", true)
	show("packages", packages, err)
	memory, little, err := client.ExamineMemory(uint64(s.CurrentThread.PC), 8)
	show("memory", []any{memory, little}, err)
	returns, err := client.FunctionReturnLocations("main.add")
	show("returns", returns, err)
	all, err := client.ListBreakpoints(false)
	sort.Slice(all, func(i, j int) bool { return all[i].ID < all[j].ID })
	for _, b := range all {
		sort.Slice(b.Addrs, func(i, j int) bool { return b.Addrs[i] < b.Addrs[j] })
		b.Addr = 0
	}
	show("breakpoints", all, err)
	registers, err := client.ListThreadRegisters(0, false)
	var names []string
	for _, r := range registers {
		names = append(names, r.Name)
	}
	show("registers", strings.Join(names, " "), err)
	show("switch", nil, func() error { _, err := client.SwitchGoroutine(99999); return err }())
	cleared, err := client.ClearBreakpointByName("adds")
	show("clear", cleared.ID, err)
	discarded, err := client.Restart(false)
	show("restart", discarded, err)
	s = <-client.Continue()
	show("after restart", []any{s.CurrentThread.File, s.CurrentThread.Line}, s.Err)
	b, err = client.ClearBreakpoint(2)
	show("clear", err == nil && b != nil, nil)
	list, _ := client.ListBreakpoints(false)
	for _, b := range list {
		if b.ID > 0 {
			client.ClearBreakpoint(b.ID)
		}
	}
	ended := client.Continue()
	select {
	case s = <-ended:
	case <-time.After(300 * time.Millisecond):
		running, err := client.GetStateNonBlocking()
		show("running", running != nil && running.Running, err)
		halted, err := client.Halt()
		show("halt", halted != nil && !halted.Running, err)
		s = <-ended
	}
	show("ended", []any{s.Exited, s.ExitStatus, s.StopReason}, nil)
	show("detach", nil, client.Detach(true))
}
