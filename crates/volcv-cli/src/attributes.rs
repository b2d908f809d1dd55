//! What a system keeps of a file beside its content, which names it takes, and how it hands out standard output as a file.

pub(crate) use imp::{check_name, is_replaceable, make_readable, real_path, stdout, take_over, without_limit};

#[cfg(unix)]
mod imp {
    use std::ffi::OsStr;
    use std::fs::{self, File, Metadata, Permissions};
    use std::io;
    use std::os::fd::AsFd as _;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
    use std::path::{Path, PathBuf};

    const STICKY: u32 = 0o1000;

    /// A temporary file is private by default; this one will be as readable as the umask lets any file be.
    pub(crate) fn make_readable(builder: &mut tempfile::Builder<'_, '_>) {
        builder.permissions(Permissions::from_mode(0o644));
    }

    /// Gives a new file the owner and the group of an old one, if the system lets us, and its mode.
    pub(crate) fn take_over(new: &File, old: &Metadata) -> io::Result<()> {
        let made = new.metadata()?;
        // The group comes first, because a file that was given away cannot be changed any more.
        let group = made.gid() == old.gid() || fchown(new, None, Some(old.gid())).is_ok();
        let owner = made.uid() == old.uid() || fchown(new, Some(old.uid()), None).is_ok();
        let mode = mode_for(old.mode(), owner, group);
        // Some file systems have one mode for all files and refuse every change.
        if new.metadata()?.mode() & 0o7777 == mode {
            return Ok(());
        }
        new.set_permissions(Permissions::from_mode(mode))
    }

    /// The mode of the new file. Rights that the old one gave to its group do not go to another group, and no user gets to
    /// run a file with the rights of another user than before.
    fn mode_for(old: u32, same_owner: bool, same_group: bool) -> u32 {
        let mut mode = old & 0o7777;
        if !same_owner || !same_group {
            mode &= STICKY | 0o777;
        }
        if !same_group {
            mode = mode & !0o070 | (mode & 0o007) << 3;
        }
        mode
    }

    /// Whether a file that cannot be opened for writing, for this reason, can be replaced all the same by `new` beside it:
    /// renaming asks for rights to the folder only, and in a sticky one for being the owner. The path is absolute.
    pub(crate) fn is_replaceable(new: &File, path: &Path, old: &Metadata, reason: &io::Error) -> bool {
        // EPERM would mean an immutable file, EROFS a mount point.
        let rights_only = reason.raw_os_error() == Some(libc::EACCES);
        let is_running = reason.kind() == io::ErrorKind::ExecutableFileBusy;
        let folder = path.parent().unwrap_or(path);
        let (Ok(new), Ok(folder)) = (new.metadata(), fs::metadata(folder)) else { return false };
        let is_free = folder.mode() & STICKY == 0 || [old.uid(), folder.uid()].contains(&new.uid());
        (rights_only || is_running) && is_free && !is_mount_point(path)
    }

    /// Whether something is mounted at this absolute path; only Linux tells, in proc_pid_mountinfo(5).
    fn is_mount_point(path: &Path) -> bool {
        let mut escaped = Vec::new();
        for byte in path.as_os_str().as_bytes() {
            match byte {
                b' ' | b'\t' | b'\n' | b'\\' => escaped.extend(format!("\\{byte:03o}").into_bytes()),
                _ => escaped.push(*byte),
            }
        }
        let mounts = fs::read("/proc/self/mountinfo").unwrap_or_default();
        mounts.split(|byte| *byte == b'\n').any(|line| line.split(|byte| *byte == b' ').nth(4) == Some(&escaped))
    }

    /// Every name may be given to a file.
    pub(crate) fn check_name(_name: &OsStr) -> io::Result<()> {
        Ok(())
    }

    /// The file itself, behind all links.
    pub(crate) fn real_path(path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(path)
    }

    /// No path is too long before the system says so.
    pub(crate) fn without_limit(path: &Path) -> PathBuf {
        path.to_owned()
    }

    pub(crate) fn stdout() -> io::Result<File> {
        io::stdout().as_fd().try_clone_to_owned().map(File::from)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_new_owner_or_group_gets_no_more_rights_than_everybody_had() {
            for (old, kept, new_owner, new_group) in [
                (0o100_600, 0o600, 0o600, 0o600),
                (0o100_640, 0o640, 0o640, 0o600),
                (0o100_664, 0o664, 0o664, 0o644),
                (0o104_755, 0o4755, 0o755, 0o755),
                (0o107_777, 0o7777, 0o1777, 0o1777),
            ] {
                let modes = [mode_for(old, true, true), mode_for(old, false, true), mode_for(old, true, false)];
                assert_eq!(modes, [kept, new_owner, new_group], "{old:o}");
            }
        }

        #[test]
        fn a_file_of_others_in_a_sticky_folder_and_a_mount_point_are_not_replaceable() {
            let folder = tempfile::tempdir().unwrap();
            let path = fs::canonicalize(folder.path()).unwrap().join("file");
            fs::write(&path, b"").unwrap();
            let (old, new) = (fs::metadata(&path).unwrap(), tempfile::tempfile_in(folder.path()).unwrap());
            let reason = io::Error::from_raw_os_error;
            assert!(is_replaceable(&new, &path, &old, &reason(libc::EACCES)));
            assert!(is_replaceable(&new, &path, &old, &reason(libc::ETXTBSY)));
            assert!(!is_replaceable(&new, &path, &old, &reason(libc::EPERM)));
            assert!(!is_replaceable(&new, &path, &old, &reason(libc::EROFS)));
            fs::set_permissions(folder.path(), Permissions::from_mode(0o1777)).unwrap();
            assert!(is_replaceable(&new, &path, &old, &reason(libc::EACCES)), "our own file");
            assert!(!is_mount_point(&path) && cfg!(target_os = "linux") == is_mount_point(Path::new("/proc")));
        }
    }
}

#[cfg(windows)]
mod imp {
    use std::ffi::{OsStr, OsString};
    use std::fs::{self, File, Metadata};
    use std::io;
    use std::os::windows::io::AsHandle as _;
    use std::path::{Component, Path, PathBuf, Prefix};

    /// Files take over the access list of their folder.
    pub(crate) fn make_readable(_builder: &mut tempfile::Builder<'_, '_>) {}

    /// The new file has the access list of its folder, not that of the old one.
    pub(crate) fn take_over(_new: &File, _old: &Metadata) -> io::Result<()> {
        Ok(())
    }

    /// A file that cannot be written, because it is read-only say, cannot be replaced either.
    pub(crate) fn is_replaceable(_new: &File, _path: &Path, _old: &Metadata, _reason: &io::Error) -> bool {
        false
    }

    /// Refuses names that Windows takes for something else than a file in a folder: the picture would be lost.
    pub(crate) fn check_name(name: &OsStr) -> io::Result<()> {
        let refused = |reason| io::Error::new(io::ErrorKind::InvalidInput, reason);
        crate::names::refusal(&name.to_string_lossy()).map_or(Ok(()), |reason| Err(refused(reason)))
    }

    /// The file itself, behind all links. Some drives cannot tell.
    pub(crate) fn real_path(path: &Path) -> io::Result<PathBuf> {
        Ok(fs::canonicalize(path).unwrap_or_else(|_| without_limit(path)))
    }

    /// The same path with the prefix `\\?\`, for which the limit of 260 characters does not hold.
    pub(crate) fn without_limit(path: &Path) -> PathBuf {
        // What is wrong with it is said where it is used.
        let Ok(whole) = std::path::absolute(path) else { return path.to_owned() };
        let mut parts = whole.components();
        let Some(Component::Prefix(prefix)) = parts.next() else { return whole };
        let mut long = OsString::from(r"\\?\");
        match prefix.kind() {
            Prefix::Disk(_) => long.push(&whole),
            Prefix::UNC(server, share) => {
                [OsStr::new(r"UNC\"), server, OsStr::new(r"\"), share, parts.as_path().as_os_str()]
                    .iter()
                    .for_each(|part| long.push(part))
            }
            _ => return whole,
        }
        long.into()
    }

    pub(crate) fn stdout() -> io::Result<File> {
        io::stdout().as_handle().try_clone_to_owned().map(File::from)
    }
}
