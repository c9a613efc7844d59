package main

const stateHelp = `What programs change of what they see is gone with the jail, unless it is run with
--state NAME: then it is kept under that name, apart from the image, the host's system
or the folder (--cow) that it lies over, and is there again in the next run with it. A
state serves one jail at a time.`

const stateListHelp = `List the states, with what each lies over, how many bytes it may hold, and how many it
takes on the host's disk.`

const stateDiffHelp = `Print each path that programs have changed: added, changed or deleted, what it is, and
its bytes, or that only its mode or owner was changed. A file that was only opened for
writing, or whose content was put back, is not among them. A folder that is deleted
stands for all that was in it.`

const stateApplyHelp = `Make the changes that a state has kept of a folder of the host's (--cow) in the folder
itself: all of them, or those at the paths inside that are named and below. What was
applied is no more in the state. Left there, and told, are links that lead out of the
folder, special files, changes of a mode or owner alone, and what would replace or remove
what has come, or was changed, since; that is done with --overwrite. What is replaced
keeps its mode; set-id bits are dropped.`

const stateUpgradeHelp = `Move a state to another image, as one in which packages were upgraded. Where both the
state and the new image have changed a path, that is told, and nothing is done; with
--keep the state's side is kept, and hides the image's.`

const stateDiscardHelp = `Remove states with all that they keep. What they lie over stays as it is.`
