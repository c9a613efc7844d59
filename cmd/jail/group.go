package main

import (
	"errors"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/jailrun/jail/internal/escape"
	"github.com/jailrun/jail/isolate"
	"github.com/jailrun/jail/isolate/cgroup"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
)

// groupOptions are the limits that can hold a group of jails.
var groupOptions = []string{"memory", "swap", "memory-high", "hugetlb", "rdma", "pids", "cpu-max", "cpu-weight", "io-weight", "io-read-bps", "io-write-bps", "io-read-ops", "io-write-ops"}

var errNoLimitOfGroup = errors.New("it is no limit of a group of jails")

// groupCommand is "jail group".
func groupCommand(r *request) int {
	verb := "list"
	if len(r.argv) > 0 {
		verb = r.argv[0]
	}
	var err error
	switch rest := r.argv[min(1, len(r.argv)):]; {
	case len(rest) > 0 && (rest[0] == "--help" || rest[0] == "-h"):
		return printHelp(&request{argv: []string{"group"}})
	case verb == "list" && len(rest) == 0:
		err = listGroups()
	case verb == "set" && len(rest) > 0:
		err = setGroup(rest[0], rest[1:])
	case verb == "remove" && len(rest) == 1:
		err = isolate.RemoveGroup(rest[0])
	case verb == "kill" && len(rest) == 1:
		err = isolate.KillGroup(rest[0])
	default:
		verbs := []string{"list", "set", "remove", "kill"}
		if best := nearest(verb, verbs); best != "" && best != verb {
			complain(&failure{op: "jail group " + verb, err: errUnknownCommand, hint: "did you mean jail group " + best + "?"})
		}
		usage(findCommand("group"))
		return result.StatusFailed
	}
	if err != nil {
		complain(err)
		return result.StatusFailed
	}
	return 0
}

// setGroup reads limits as exec does, and lays them on a group of jails.
func setGroup(name string, args []string) error {
	c, r := command{policy: true}, &request{policy: policy.Policy{Group: name}}
	var named []string
	for len(args) > 0 {
		flag, _, _ := strings.Cut(strings.TrimLeft(args[0], "-"), "=")
		if !strings.HasPrefix(args[0], "-") || !slices.Contains(groupOptions, flag) {
			hint := "use --" + strings.Join(groupOptions, ", --")
			if best := nearest(flag, groupOptions); best != "" {
				hint = "did you mean --" + best + "?"
			}
			return &failure{op: args[0], err: errNoLimitOfGroup, hint: hint}
		}
		named = append(named, flag)
		var err error
		if args, err = c.parseFlag(r, args[0], args[1:]); err != nil {
			return err
		}
	}
	return isolate.LimitGroup(name, &r.policy.Limits, named...)
}

// listGroups prints the groups of jails, with what they use and what holds them.
func listGroups() error {
	_, groups, err := isolate.Running()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	head := "GROUP\tJAILS\tTASKS\tMEMORY\tCPU\tLIMITS\n"
	for i := range groups {
		g := &groups[i]
		head += escape.All(g.Set) + "\t" + itoa(int64(g.Jails)) + "\t" + figures(g) + "\t" + limitsOf(g) + "\n"
	}
	if _, err := w.Write([]byte(head)); err != nil {
		return err
	}
	return w.Flush()
}

func limitsOf(g *cgroup.Running) string {
	var all []string
	for file, value := range g.Limits {
		all = append(all, file+"="+value)
	}
	slices.Sort(all)
	if len(all) == 0 {
		return "none"
	}
	return strings.ReplaceAll(strings.Join(all, ", "), "\n", "; ")
}
