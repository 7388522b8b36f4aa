//! A plan in a file: written whole or not at all.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use zygos_core::WorkspaceId;
use zygos_engine::SeenPlan;

use crate::failure::Failure;

/// Refuses early, before both sides are read for nothing.
pub fn may_be_written(path: &Path, force: bool) -> Result<(), Failure> {
    if path.is_dir() {
        return Err(Failure::Configuration(format!(
            "{} is a folder; name a file in it, such as {}",
            path.display(),
            path.join("plan.json").display()
        )));
    }
    if !force && path.exists() {
        return Err(Failure::Configuration(format!(
            "{} is there already; name another file, or add `--force` to overwrite it",
            path.display()
        )));
    }
    Ok(())
}

/// Writes beside the file first: a full disk or a crash leaves no half of a plan under its name.
pub fn write(path: &Path, plan: &SeenPlan, force: bool) -> Result<(), Failure> {
    may_be_written(path, force)?;
    let text = serde_json::to_string_pretty(plan)
        .map_err(|error| Failure::Unavailable(format!("the plan cannot be written: {error}")))?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.part", std::process::id()));
    let beside = PathBuf::from(beside);
    let written = File::create(&beside)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.write_all(b"\n")?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&beside, path));
    written.map_err(|error| {
        // What is left of it helps nobody; that it can't be removed either is no news.
        let _ = fs::remove_file(&beside);
        Failure::Unavailable(format!("the plan cannot be written to {}: {error}", path.display()))
    })
}

/// Reads a plan that was made for this workspace.
pub fn read(path: &Path, workspace: &WorkspaceId) -> Result<SeenPlan, Failure> {
    let text = fs::read_to_string(path).map_err(|error| {
        Failure::Configuration(format!(
            "the plan {} cannot be read: {error}; write one with `zygos plan --out FILE`",
            path.display()
        ))
    })?;
    SeenPlan::read(&text, workspace)
        .map_err(|problem| Failure::Configuration(format!("{} {problem}", path.display())))
}
