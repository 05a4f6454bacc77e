//! What a script that failed said last.

use super::Failure;

/// The failure that the end of a driver's output tells about, in the words of its exception.
pub(crate) fn read(output: &str, code: Option<i32>) -> Failure {
    let lines: Vec<&str> = output.lines().collect();
    if let Some(words) = python(&lines)
        .or_else(|| java(&lines))
        .or_else(|| plain(&lines))
    {
        return Failure::new(words);
    }
    let mut words = match code {
        Some(code) => format!("The Spark driver exited with code {code}."),
        None => "The Spark driver was ended by a signal.".to_owned(),
    };
    let said = |line: &&&str| !line.trim().is_empty() && !is_log_line(line);
    if let Some(last) = lines.iter().rev().find(said) {
        words.push_str(" Its last words: ");
        words.push_str(last);
    }
    Failure::new(words)
}

/// The last traceback's own line, `class: message`, with Java's cause where `Py4J` reports one.
fn python(lines: &[&str]) -> Option<String> {
    let start = lines
        .iter()
        .rposition(|line| line.starts_with("Traceback (most recent call last):"))?;
    let mut after = lines
        .iter()
        .skip(start + 1)
        .skip_while(|line| line.is_empty() || line.starts_with(' ') || line.starts_with('\t'));
    let mut words = (*after.next()?).to_owned();
    // Messages go on over several lines; stack frames, Spark's plan and its log lines are noise.
    for line in after {
        let noise = line.starts_with('\t')
            || line.starts_with("    ")
            || line.starts_with('\'')
            || line.starts_with('+')
            || is_log_line(line);
        if noise || line.is_empty() || line.starts_with("JVM stacktrace:") {
            break;
        }
        words.push('\n');
        words.push_str(line);
    }
    Some(words.trim_end_matches([';', '\n']).to_owned())
}

/// `26/01/02 03:04:05 WARN Class: …`, as log4j writes to the same stream.
fn is_log_line(line: &str) -> bool {
    let mut letters = line.bytes();
    let date: Vec<bool> = letters
        .by_ref()
        .take(8)
        .map(|b| b.is_ascii_digit())
        .collect();
    date == [true, true, false, true, true, false, true, true] && letters.next() == Some(b' ')
}

/// `Exception in thread "main" class: message`.
fn java(lines: &[&str]) -> Option<String> {
    let line = lines
        .iter()
        .rev()
        .find(|line| line.starts_with("Exception in thread "))?;
    let (_, words) = line.strip_prefix("Exception in thread ")?.split_once(' ')?;
    Some(words.to_owned())
}

/// What Python or `spark-submit` say before any script runs.
fn plain(lines: &[&str]) -> Option<String> {
    let telling = |line: &&&str| {
        line.starts_with("Error:")
            || line.starts_with("error:")
            || line.contains("SyntaxError:")
            || line.contains(": error: ")
            || line.contains("can't open file")
    };
    lines
        .iter()
        .rev()
        .find(telling)
        .map(|line| (**line).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(output: &str) -> String {
        read(output, Some(1)).to_string()
    }

    #[test]
    fn an_exception_of_the_script_is_its_message() {
        let output = "rows: 3\nTraceback (most recent call last):\n  File \"/s/main.py\", line 3, in \
                      <module>\n    raise ValueError(\"no column Age\")\nValueError: no column Age\n\
                      26/01/02 03:04:05 INFO ShutdownHookManager: Shutdown hook called\n";
        assert_eq!(message(output), "ValueError: no column Age");
    }

    #[test]
    fn the_last_of_chained_exceptions_counts() {
        let output = "Traceback (most recent call last):\n  File \"a\"\nKeyError: 'x'\n\nDuring \
                      handling of the above exception, another exception occurred:\n\nTraceback \
                      (most recent call last):\n  File \"b\"\nRuntimeError: two\nlines\n\n";
        assert_eq!(message(output), "RuntimeError: two\nlines");
    }

    #[test]
    fn an_exception_of_spark_keeps_its_class_and_loses_its_plan() {
        let output = "Traceback (most recent call last):\n  File \"/s/main.py\", line 5, in <module>\n\
                      pyspark.errors.exceptions.captured.AnalysisException: [PATH_NOT_FOUND] Path does \
                      not exist: file:/data/none.csv.\n";
        assert_eq!(
            message(output),
            "pyspark.errors.exceptions.captured.AnalysisException: [PATH_NOT_FOUND] Path does not \
             exist: file:/data/none.csv."
        );
        let output = "Traceback (most recent call last):\n  File \"m\"\npy4j.protocol.Py4JJavaError: An \
                      error occurred while calling o31.save.\n: java.lang.IllegalStateException: no\n\
                      \tat org.apache.X(X.java:1)\n";
        assert_eq!(
            message(output),
            "py4j.protocol.Py4JJavaError: An error occurred while calling o31.save.\n: \
             java.lang.IllegalStateException: no"
        );
    }

    #[test]
    fn what_fails_before_the_script_is_told_too() {
        assert_eq!(
            message("26/01/02 03:04:05 WARN x\npython3: can't open file 'x.py': [Errno 2]\n"),
            "python3: can't open file 'x.py': [Errno 2]"
        );
        assert_eq!(
            message("Exception in thread \"main\" java.lang.Error: bad conf\n\tat x\n"),
            "java.lang.Error: bad conf"
        );
        assert_eq!(
            message("JAVA_HOME is not set\n26/01/02 03:04:05 INFO x\n\n"),
            "The Spark driver exited with code 1. Its last words: JAVA_HOME is not set"
        );
        assert_eq!(
            read("", None).to_string(),
            "The Spark driver was ended by a signal."
        );
    }
}
