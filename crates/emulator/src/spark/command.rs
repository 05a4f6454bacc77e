//! The `spark-submit` command of a run.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::Failure;
use super::conf::Bounded;

/// What is started, from where, with which environment.
#[derive(Debug, Clone)]
pub(crate) struct Launch {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) folder: PathBuf,
    pub(crate) environment: BTreeMap<OsString, OsString>,
}

/// What the job says about its program.
#[derive(Debug, Clone, Default)]
pub(crate) struct Program {
    /// Path of the script in the code folder, or nothing for a class.
    pub(crate) file: Option<String>,
    /// A class in one of the jars.
    pub(crate) class: Option<String>,
    /// `pyFiles`, `jars`, `files` and `archives`: paths in the code folder.
    pub(crate) py_files: Vec<String>,
    pub(crate) jars: Vec<String>,
    pub(crate) files: Vec<String>,
    pub(crate) archives: Vec<String>,
    /// The script's words.
    pub(crate) words: Vec<String>,
    /// The job's `environmentVariables`.
    pub(crate) variables: BTreeMap<String, String>,
}

/// Variables of the emulator's own environment that a job gets: what Java and Python need to
/// start, and nothing that may be secret.
const INHERITED: [&str; 7] = [
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "JAVA_HOME",
    "TZ",
    "LD_LIBRARY_PATH",
];

/// The file below `scratch` that holds [`LOGGING`].
pub(crate) const LOGGING_FILE: &str = "log4j2.properties";

/// Spark's own template with the level WARN, and without the warning about native libraries.
pub(crate) const LOGGING: &str = "\
rootLogger.level = warn
rootLogger.appenderRef.stdout.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{yy/MM/dd HH:mm:ss} %p %c{1}: %m%n%ex
logger.native.name = org.apache.hadoop.util.NativeCodeLoader
logger.native.level = error
";

/// Builds the command. `scratch` holds the folders `code` and `tmp` of this run.
pub(crate) fn build(
    python: &Path,
    scratch: &Path,
    program: &Program,
    bounded: &Bounded,
) -> Result<Launch, Failure> {
    let code = scratch.join("code");
    let submit = python.with_file_name("spark-submit");
    if !submit.is_file() {
        return Err(Failure::new(format!(
            "There is no spark-submit beside {}: install pyspark into that environment.",
            python.display()
        )));
    }
    let mut arguments: Vec<OsString> = ["--master", &bounded.master, "--driver-memory"]
        .into_iter()
        .chain([bounded.driver_memory.as_str()])
        .map(OsString::from)
        .collect();
    for (name, value) in &bounded.conf {
        arguments.push("--conf".into());
        arguments.push(format!("{name}={value}").into());
    }
    for (flag, paths) in [
        ("--py-files", &program.py_files),
        ("--jars", &program.jars),
        ("--files", &program.files),
        ("--archives", &program.archives),
    ] {
        if !paths.is_empty() {
            let paths: Vec<String> = paths.iter().map(|path| local(&code, path)).collect();
            arguments.push(flag.into());
            arguments.push(paths.join(",").into());
        }
    }
    if let Some(class) = &program.class {
        arguments.push("--class".into());
        arguments.push(class.into());
    }
    arguments.push(entry(&code, program)?.into());
    arguments.extend(program.words.iter().map(OsString::from));
    Ok(Launch {
        program: submit,
        arguments,
        folder: code,
        environment: environment(python, scratch, program),
    })
}

/// The script, or the jar that holds the class.
fn entry(code: &Path, program: &Program) -> Result<PathBuf, Failure> {
    let path = match (&program.file, program.jars.first()) {
        (Some(file), _) => file,
        (None, Some(jar)) => jar,
        (None, None) => {
            return Err(Failure::new(
                "The entry names a class, and no jar holds it.",
            ));
        }
    };
    let file = code.join(path);
    if path.split('/').any(|segment| segment == "..") || !file.is_file() {
        return Err(Failure::new(format!(
            "The entry file '{path}' is not in the job's code."
        )));
    }
    Ok(file)
}

/// A path of the code folder as an absolute one; a URL or an absolute path stays. What follows `#`
/// names the folder that an archive is unpacked to.
fn local(code: &Path, path: &str) -> String {
    if path.contains("://") || path.starts_with('/') {
        path.to_owned()
    } else {
        code.join(path).display().to_string()
    }
}

fn environment(python: &Path, scratch: &Path, program: &Program) -> BTreeMap<OsString, OsString> {
    let mut variables: BTreeMap<OsString, OsString> = INHERITED
        .into_iter()
        .filter_map(|name| Some((OsString::from(name), std::env::var_os(name)?)))
        .collect();
    variables.extend(
        program
            .variables
            .iter()
            .map(|(name, value)| (name.into(), value.clone().into())),
    );
    // Else a job that is killed leaves its folders in the machine's /tmp; and at Spark's own level,
    // which is INFO, a script's words drown.
    let options = format!(
        "\"-Djava.io.tmpdir={}\" \"-Dlog4j2.configurationFile=file:{}\"",
        scratch.join("tmp").display(),
        scratch.join(LOGGING_FILE).display()
    );
    let own: [(&str, OsString); 9] = [
        ("SPARK_SUBMIT_OPTS", options.into()),
        ("PYSPARK_PYTHON", python.into()),
        ("PYSPARK_DRIVER_PYTHON", python.into()),
        // The log is followed while the script runs.
        ("PYTHONUNBUFFERED", "1".into()),
        // What pandas on Spark sets itself, with a warning in every log.
        ("PYARROW_IGNORE_TIMEZONE", "1".into()),
        ("SPARK_LOCAL_IP", "127.0.0.1".into()),
        ("SPARK_LOCAL_HOSTNAME", "localhost".into()),
        ("SPARK_LOCAL_DIRS", scratch.join("tmp").into()),
        ("TMPDIR", scratch.join("tmp").into()),
    ];
    variables.extend(own.into_iter().map(|(name, value)| (name.into(), value)));
    variables
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounded() -> Bounded {
        Bounded {
            master: "local[2]".to_owned(),
            driver_memory: "512m".to_owned(),
            conf: BTreeMap::from([("spark.a".to_owned(), "b c".to_owned())]),
        }
    }

    fn scratch() -> tempfile::TempDir {
        let scratch = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(scratch.path().join("code/lib")).unwrap();
        for file in ["code/main.py", "code/lib/a.py", "spark-submit"] {
            std::fs::write(scratch.path().join(file), "").unwrap();
        }
        scratch
    }

    #[test]
    fn the_command_names_files_of_the_code_folder() {
        let scratch = scratch();
        let code = scratch.path().join("code").display().to_string();
        let program = Program {
            file: Some("main.py".to_owned()),
            py_files: vec!["lib/a.py".to_owned()],
            archives: vec!["x.zip#env".to_owned()],
            words: vec!["--n".to_owned(), "1 2".to_owned()],
            ..Program::default()
        };
        let python = scratch.path().join("python");
        let launch = build(&python, scratch.path(), &program, &bounded()).unwrap();
        let arguments: Vec<&str> = launch
            .arguments
            .iter()
            .map(|word| word.to_str().unwrap())
            .collect();
        let expected = format!(
            "--master|local[2]|--driver-memory|512m|--conf|spark.a=b c|--py-files|{code}/lib/a.py|\
             --archives|{code}/x.zip#env|{code}/main.py|--n|1 2"
        );
        assert_eq!(arguments.join("|"), expected);
        assert_eq!(launch.program, scratch.path().join("spark-submit"));
    }

    #[test]
    fn an_entry_that_is_not_there_fails_in_words() {
        let scratch = scratch();
        let python = scratch.path().join("python");
        for file in ["nope.py", "../spark-submit", "lib"] {
            let program = Program {
                file: Some(file.to_owned()),
                ..Program::default()
            };
            let failure = build(&python, scratch.path(), &program, &bounded()).unwrap_err();
            assert!(failure.to_string().contains(file), "{failure}");
        }
    }
}
