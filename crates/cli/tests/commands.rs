//! The command as a process: exit codes and `--json`, without any server.

#![expect(clippy::unwrap_used, reason = "a test may end where its ground is missing")]

use std::{
    net::TcpListener,
    path::PathBuf,
    process::{Command, Output},
};

use serde_json::Value;

/// A folder with a configuration whose servers refuse connections.
struct Place {
    folder: PathBuf,
}

impl Place {
    fn new(name: &str) -> Self {
        // A port that was free a moment ago and that nobody listens on.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self::with(
            name,
            &format!(
                r#"
[workspace]
name = "company"

[erp]
name = "erp"
vendor = "tryton"
url = "http://127.0.0.1:{port}"
database = "erp"
user = "sync"
password = {{ env = "ZYGOS_TEST_SECRET" }}

[[store]]
name = "shop"
vendor = "merchantpro"
url = "http://127.0.0.1:{port}"
key = {{ env = "ZYGOS_TEST_SECRET" }}
secret = {{ env = "ZYGOS_TEST_SECRET" }}

[store.stock]
warehouses = {{ WH = "free" }}

[store.orders]
prefix = "A-"
orders_from = "2026-11-24"
currency = "RON"
shop = "shop"
warehouse = "WH"
taxes = {{ "0" = [] }}
"#
            ),
        )
    }

    fn with(name: &str, configuration: &str) -> Self {
        let folder =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("zygos.toml"), configuration).unwrap();
        Self { folder }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zygos"));
        command.arg("--config").arg(self.folder.join("zygos.toml")).args(arguments);
        command.env("ZYGOS_TEST_SECRET", "hunter2").output().unwrap()
    }

    /// Exit code and what was printed, as JSON.
    fn json(&self, arguments: &[&str]) -> (i32, Value) {
        let output = self.run(&[arguments, &["--json"]].concat());
        let text = String::from_utf8(output.stdout).unwrap();
        let value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{arguments:?} printed {text:?}"));
        (output.status.code().unwrap(), value)
    }

    /// Exit code and what was complained of.
    fn complaint(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.run(arguments);
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(!text.contains("hunter2"), "a secret was printed");
        (output.status.code().unwrap(), text)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn what_needs_no_server_is_done_and_answers_with_json() {
    let place = Place::new("good");
    assert_eq!(place.json(&["issues"]), (0, serde_json::json!([])));
    assert_eq!(place.json(&["approve"]), (0, serde_json::json!(["shop", "erp"])));
    assert_eq!(place.json(&["pause", "shop", "--reason", "stocktaking"]), (0, serde_json::json!(["shop"])));
    let (code, replayed) = place.json(&["replay", "shop"]);
    assert_eq!(code, 0);
    assert!(replayed.as_u64().is_some_and(|count| count > 0), "{replayed}");
}

#[test]
fn a_configuration_that_is_wrong_is_code_2_with_every_problem() {
    let place = Place::with("wrong", "[workspace]\nname = 7\n\n[pace]\npol_every = \"5s\"\n");
    for command in ["check", "plan", "sync", "verify", "issues", "approve", "pause", "serve"] {
        let (code, text) = place.complaint(&[command]);
        assert_eq!(code, 2, "{command}: {text}");
        for words in ["workspace.name", "did you mean `poll_every`?", "[erp]", "[[store]]"] {
            assert!(text.contains(words), "{command} does not say {words}: {text}");
        }
    }
    let (code, told) = place.json(&["check"]);
    assert_eq!((code, &told["error"]["code"]), (2, &Value::from(2)), "{told}");
    let problems = told["error"]["problems"].as_array().unwrap();
    assert!(problems.iter().any(|problem| problem["line"] == 5), "{told}");
}

#[test]
fn what_the_command_line_or_the_state_does_not_know_is_code_2() {
    let place = Place::new("unknown");
    for arguments in [
        &["pause", "nowhere"][..],
        &["approve", "nowhere"],
        &["approve", "17"],
        &["verify", "nowhere"],
        &["explain", "NOTHING"],
        &["history", "NOTHING"],
        &["history", "NOTHING", "--since", "yesterday"],
        &["plan", "--force"],
        &["sync", "--plan", "no-such-plan.json"],
        &["sync", "--most", "many"],
        &["replay", "NOTHING"],
        &["dance"],
    ] {
        let (code, text) = place.complaint(arguments);
        assert_eq!(code, 2, "{arguments:?}: {text}");
        assert!(!text.is_empty());
    }
    std::fs::remove_file(place.folder.join("zygos.toml")).unwrap();
    assert_eq!(place.complaint(&["check"]).0, 2);
}

#[test]
fn a_plan_file_that_is_there_or_is_no_plan_is_told_before_anything_is_asked() {
    let place = Place::new("plan-file");
    let file = place.folder.join("plan.json");
    let name = file.to_str().unwrap();
    std::fs::write(&file, "{\"kind\": \"shopping list\"}").unwrap();
    let (code, text) = place.complaint(&["plan", "--out", name]);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains(name) && text.contains("--force"), "{text}");
    let (code, text) = place.complaint(&["sync", "--plan", name]);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains(name) && text.contains("zygos plan --out"), "{text}");
    std::fs::write(&file, "{\"kind\": \"zygos plan\", \"version\": 1, \"made_at\"").unwrap();
    assert_eq!(place.complaint(&["sync", "--plan", name]).0, 2);

    let whole = |workspace: &str| {
        format!(
            r#"{{"kind": "zygos plan", "version": 1, "made_at": "2026-11-24T08:00:00Z", "workspace": "{workspace}",
            "stock": [], "orders": []}}"#
        )
    };
    std::fs::write(&file, whole("another")).unwrap();
    let (code, text) = place.complaint(&["sync", "--plan", name]);
    assert!(code == 2 && text.contains("another") && text.contains("company"), "{code}: {text}");
    std::fs::write(&file, whole("company")).unwrap();
    assert_eq!(place.complaint(&["sync", "--plan", name]).0, 3, "it is a plan; the servers are away");
    // Nothing could be read, so there is no new plan, and the old file is as it was.
    assert_eq!(place.complaint(&["plan", "--out", name, "--force"]).0, 3);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), whole("company"));
}

#[test]
fn secrets_that_are_not_there_are_all_named_and_are_code_2() {
    let place = Place::new("secrets");
    let text = std::fs::read_to_string(place.folder.join("zygos.toml")).unwrap();
    let text = text.replacen("ZYGOS_TEST_SECRET", "ZYGOS_NOT_SET_1", 1).replacen(
        "ZYGOS_TEST_SECRET",
        "ZYGOS_NOT_SET_2",
        1,
    );
    std::fs::write(place.folder.join("zygos.toml"), text).unwrap();
    let (code, text) = place.complaint(&["check"]);
    assert_eq!(code, 2);
    assert!(text.contains("ZYGOS_NOT_SET_1") && text.contains("ZYGOS_NOT_SET_2"), "{text}");
}

#[test]
fn servers_that_cannot_be_reached_are_code_3() {
    let place = Place::new("unreachable");
    let (code, checked) = place.json(&["check"]);
    assert_eq!(code, 3);
    let connections: Vec<&str> =
        checked.as_array().unwrap().iter().filter_map(|one| one["connection"].as_str()).collect();
    assert_eq!(connections, ["this machine", "shop", "erp"], "{checked}");
    for one in checked.as_array().unwrap().iter().skip(1) {
        assert_eq!(one["findings"][0]["severity"], "blocking", "{checked}");
    }
    let (code, text) = place.complaint(&["plan"]);
    assert_eq!(code, 3, "{text}");
    let (code, synced) = place.json(&["sync"]);
    assert_eq!(code, 3);
    assert!(synced["troubles"].as_array().is_some_and(|troubles| !troubles.is_empty()), "{synced}");
}
