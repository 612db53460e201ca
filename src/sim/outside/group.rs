//! Process groups: a worker and all that it starts, ended together.
//!
//! A worker leads a group of its own. Ctrl-C in the terminal so reaches us alone, and we end the workers; and what a
//! worker has started, be it a shell, a solver or a pool of Python, ends with it. What leaves its group on purpose,
//! by `setsid`, is out of reach.
//!
//! The standard library can make a group and cannot kill one, and calling the system ourselves would be `unsafe`.
//! So it is asked of `sh`, whose `kill` is built in: the program of that name is missing from many containers.

use std::process::Command;

/// Whether workers can run on this system.
pub(super) const SUPPORTED: bool = cfg!(unix);

/// Lets the command lead a process group of its own, whose number is then that of its process.
#[cfg(unix)]
pub(super) fn lead(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

/// Ends all processes of the groups with these numbers, by a signal that none can ignore.
#[cfg(unix)]
pub(super) fn kill(group: u32) {
    use std::process::Stdio;
    let mut shell = Command::new("sh");
    shell.args(["-c", "kill -KILL -\"$0\"", &group.to_string()]);
    shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // A second Ctrl-C must not stop it.
    lead(&mut shell);
    // It fails where the group is empty already, as is wanted. Without a shell, the worker itself is killed by its
    // handle, and what it started sees its pipes close.
    let _ = shell.status();
}

/// The signal that ended a process, if one did.
#[cfg(unix)]
pub(super) fn signal(status: std::process::ExitStatus) -> Option<i32> {
    use std::os::unix::process::ExitStatusExt;
    status.signal()
}

#[cfg(not(unix))]
pub(super) fn lead(_: &mut Command) {}

#[cfg(not(unix))]
pub(super) fn kill(_: u32) {}

#[cfg(not(unix))]
pub(super) fn signal(_: std::process::ExitStatus) -> Option<i32> {
    None
}
