#!/bin/sh
# Runs in a guest: what the doctor says there, a line for each finding, as the
# lines of a file that is kept. It stands in a group of its own below the one
# that its user was given, as in a login session.
. /usr/lib/session.sh
jail doctor --json >"/tmp/doctor-$(id -u)" 2>&1
status=$?
sed 's/{"name"/\n&/g' "/tmp/doctor-$(id -u)" | sed "s|^|##jail-vm golden $1 |"
[ $status -le 1 ]
