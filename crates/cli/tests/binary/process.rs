//! Running the binary and waiting for what it does.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

/// Longest wait for anything; what is waited for comes within a second or two.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until `done` holds, looking often. `story` is told when it never does.
pub fn until(what: &str, story: impl Fn() -> String, done: impl FnMut() -> bool) {
    until_within(PATIENCE, what, story, done);
}

pub fn until_within(
    patience: Duration,
    what: &str,
    story: impl Fn() -> String,
    mut done: impl FnMut() -> bool,
) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < patience, "waited {patience:?} until {what}\n{}", story());
        thread::sleep(Duration::from_millis(10));
    }
}

/// Gives something a moment that usually happens, and goes on when it doesn't.
pub fn soon(mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(300) && !done() {
        thread::sleep(Duration::from_millis(5));
    }
}

/// What a command that ended said.
#[derive(Debug)]
pub struct Done {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Done {
    pub fn of(mut command: Command) -> Self {
        let output = command.output().expect("the binary runs");
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
        Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// Everything that was said.
    pub fn all(&self) -> String {
        format!("{}{}", self.out, self.err)
    }

    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.all());
        self
    }
}

/// A process that runs on. It is killed when it is dropped.
pub struct Running {
    child: Child,
    log: Arc<Mutex<String>>,
}

impl Running {
    pub fn of(mut command: Command) -> Self {
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        let log = Arc::new(Mutex::new(String::new()));
        keep(child.stdout.take().expect("a pipe"), log.clone());
        keep(child.stderr.take().expect("a pipe"), log.clone());
        Self { child, log }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has said so far.
    pub fn log(&self) -> String {
        self.log.lock().expect("the log").clone()
    }

    pub fn until_it_says(&mut self, text: &str) {
        let log = self.log.clone();
        let log = || log.lock().expect("the log").clone();
        until(&format!("it says {text:?}"), log, || {
            let ended = self.child.try_wait().expect("its state").is_some();
            log().contains(text) || (ended && panic!("it ended instead of saying {text:?}:\n{}", log()))
        });
    }

    /// SIGKILL: nothing of it runs any more when this returns.
    pub fn kill(mut self) -> String {
        assert!(self.child.try_wait().expect("its state").is_none(), "it ended by itself:\n{}", self.log());
        self.child.kill().expect("a signal");
        self.child.wait().expect("its end");
        self.log()
    }

    /// SIGTERM, and its exit code.
    pub fn stop(mut self) -> Option<i32> {
        let asked = Command::new("kill").arg(self.id().to_string()).status().expect("a signal");
        assert!(asked.success());
        self.ended()
    }

    /// Waits until it ends by itself.
    pub fn ended(&mut self) -> Option<i32> {
        let log = self.log.clone();
        let mut status = None;
        until(
            "it ends",
            || log.lock().expect("the log").clone(),
            || {
                status = self.child.try_wait().expect("its state");
                status.is_some()
            },
        );
        status.and_then(|status| status.code())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn keep(pipe: impl Read + Send + 'static, log: Arc<Mutex<String>>) {
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            let mut log = log.lock().expect("the log");
            log.push_str(&line);
            log.push('\n');
        }
    });
}
