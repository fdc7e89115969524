//! Every way out of an import folder is refused, by the one call and step by step.

use std::fs;
use std::os::unix::fs::symlink;

use nix::sys::stat::Mode;
use tempfile::TempDir;

use super::*;

/// `IMPORT_DIR` with the folders of two users.
fn folders() -> (TempDir, ImportFolder) {
    let root = tempfile::tempdir().unwrap();
    for path in ["ana/2026", "ben"] {
        fs::create_dir_all(root.path().join(path)).unwrap();
    }
    for path in ["ana/all.mbox", "ana/2026/may.eml", "ben/secret.mbox", "outside.mbox"] {
        fs::write(root.path().join(path), "From x\n\n").unwrap();
    }
    let folder = ImportFolder::new(Some(root.path().join("ana")));
    (root, folder)
}

/// The code and the sentence of the refusal, however the kernel walks.
fn refused(folder: &ImportFolder, path: &str) -> (Code, String) {
    let Err(Error::Rejected { field, code, message }) = open(folder.folder.as_deref(), path) else {
        panic!("{path} is not refused");
    };
    assert_eq!(field, ["file"]);
    (code, message)
}

fn both_ways(root: &TempDir, path: &str) -> [Option<Errno>; 2] {
    let root = Beneath::at(root.path()).unwrap();
    let path = Path::new("ana").join(path);
    [root.open_at_once(&path).err(), root.open_step_by_step(&path).err()]
}

#[test]
fn files_in_the_folder_and_below_are_opened() {
    let (root, folder) = folders();
    for path in ["all.mbox", "./all.mbox", "2026/may.eml", "2026//may.eml"] {
        assert!(open(folder.folder.as_deref(), path).is_ok(), "{path}");
    }
    assert_eq!(both_ways(&root, "2026/may.eml"), [None, None]);
    for path in ["2026", "2026/", "./2026"] {
        assert!(matches!(open(folder.folder.as_deref(), path), Ok(Opened::Folder(_))), "{path}");
    }
}

#[test]
fn absolute_paths_and_ways_up_are_refused() {
    let (root, folder) = folders();
    let absolute = root.path().join("ana/all.mbox");
    for path in
        ["../ben/secret.mbox", "..", "2026/../all.mbox", "../ana/all.mbox", absolute.to_str().unwrap()]
    {
        assert_eq!(refused(&folder, path).0, Code::Invalid, "{path}");
    }
}

#[test]
fn a_file_that_somebody_else_has_is_refused_like_one_that_nobody_has() {
    let (_root, folder) = folders();
    assert_eq!(refused(&folder, "../ben/secret.mbox"), refused(&folder, "../ben/nothing.mbox"));
    assert_eq!(refused(&folder, "ben/secret.mbox").0, Code::NotFound);
}

#[test]
fn symbolic_links_are_refused_at_every_component() {
    let (root, folder) = folders();
    let ana = root.path().join("ana");
    symlink(root.path().join("ben"), ana.join("folder")).unwrap();
    symlink(root.path().join("ben/secret.mbox"), ana.join("file.mbox")).unwrap();
    symlink(root.path().join("ben/nothing.mbox"), ana.join("dangling.mbox")).unwrap();
    symlink("all.mbox", ana.join("own.mbox")).unwrap();
    for path in ["folder/secret.mbox", "folder/nothing.mbox", "file.mbox", "dangling.mbox", "own.mbox"] {
        let (code, message) = refused(&folder, path);
        assert_eq!(code, Code::Invalid, "{path}");
        assert!(message.contains("symbolic link"), "{path}: {message}");
        assert_eq!(both_ways(&root, path), [Some(Errno::ELOOP), Some(Errno::ELOOP)], "{path}");
    }
}

#[test]
fn a_user_folder_that_is_a_link_is_refused() {
    let (root, _) = folders();
    symlink(root.path().join("ben"), root.path().join("eve")).unwrap();
    let folder = ImportFolder::new(Some(root.path().join("eve")));
    assert_eq!(refused(&folder, "secret.mbox").0, Code::Invalid);
}

#[test]
fn folders_pipes_and_nothing_are_refused_without_waiting() {
    let (root, folder) = folders();
    nix::unistd::mkfifo(&root.path().join("ana/pipe"), Mode::S_IRWXU).unwrap();
    for (path, code) in [
        ("pipe", Code::Invalid),
        ("", Code::Invalid),
        (".", Code::Invalid),
        ("a\0b", Code::Invalid),
        ("nothing.mbox", Code::NotFound),
        ("all.mbox/below", Code::NotFound),
    ] {
        assert_eq!(refused(&folder, path).0, code, "{path:?}");
    }
    assert_eq!(both_ways(&root, "all.mbox/x"), [Some(Errno::ENOTDIR), Some(Errno::ENOTDIR)]);
}

#[test]
fn a_server_without_import_folder_says_so() {
    assert!(refused(&ImportFolder::new(None), "all.mbox").1.contains("IMPORT_DIR"));
    let (root, _) = folders();
    let folder = ImportFolder::new(Some(root.path().join("nobody")));
    assert_eq!(refused(&folder, "all.mbox").0, Code::NotFound);
}
