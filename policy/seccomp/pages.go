package seccomp

import "golang.org/x/sys/unix"

// Not in x/sys/unix: linux/shm.h.
const shmHugeTLB = 0o4000

const (
	whyMerge = "has pages of equal content merged with those of others, who can time that and so read them (KSM)"
	whyHuge  = "takes from the host's pool of huge pages, which cgroup v1 counts as no group's memory"
	fixHuge  = "use madvise with MADV_HUGEPAGE, or give it a bound of huge pages by the policy's hugetlb"
)

// pageChecks keep the program to pages that are its own and that count as its
// memory. The answers are those of a kernel without either, or with an empty
// pool (madvise(2), memfd_create(2), mmap(2), shmget(2)): programs go on with
// ordinary pages.
var pageChecks = []Check{
	{
		Call: "prctl", Words: "option is PR_SET_MEMORY_MERGE", Why: whyMerge,
		When:   []Arg{{Index: 0, Mask: Low32, Values: []uint64{unix.PR_SET_MEMORY_MERGE}}},
		Answer: Action{Kind: KindErrno, Errno: unix.EINVAL},
	},
	{
		Call: "madvise", Words: "advice is MADV_MERGEABLE", Why: whyMerge,
		When:   []Arg{{Index: 2, Mask: Low32, Values: []uint64{unix.MADV_MERGEABLE}}},
		Answer: Action{Kind: KindErrno, Errno: unix.EINVAL},
	},
	{
		Call: "mmap", Words: "flags have MAP_HUGETLB", Why: whyHuge, Fix: fixHuge,
		When:   []Arg{{Index: 3, Mask: unix.MAP_HUGETLB, Values: []uint64{unix.MAP_HUGETLB}}},
		Answer: Action{Kind: KindErrno, Errno: unix.ENOMEM},
	},
	{
		Call: "memfd_create", Words: "flags have MFD_HUGETLB", Why: whyHuge, Fix: fixHuge,
		When:   []Arg{{Index: 1, Mask: unix.MFD_HUGETLB, Values: []uint64{unix.MFD_HUGETLB}}},
		Answer: Action{Kind: KindErrno, Errno: unix.EINVAL},
	},
	{
		Call: "shmget", Words: "flags have SHM_HUGETLB", Why: whyHuge, Fix: fixHuge,
		When:   []Arg{{Index: 2, Mask: shmHugeTLB, Values: []uint64{shmHugeTLB}}},
		Answer: Action{Kind: KindErrno, Errno: unix.ENOMEM},
	},
}
