//! Operators that are wrong in one way each: the simulation must find them out, or it proves nothing.

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quirk {
    /// Nothing.
    None,
    /// Silence and young absence are taken for absence when an object is deleted.
    AbsenceIsBelieved,
    /// Azure chooses the name of a run.
    ServerChoosesNames,
    /// The effect comes first, the memory of it afterwards.
    NoWriteAhead,
    /// A run that has not ended is taken for one that has, and tried again.
    RetriesEarly,
    /// A run that was suspended is submitted again under the name that it had.
    ResumesUnderTheOldName,
    /// Nobody looks whether a run is to be held.
    SuspensionIsOverlooked,
    /// What is found after the loss of a status is taken for the last attempt.
    AnEndIsTheLast,
    /// Nobody asks who else relies on a role before it is taken back.
    RolesAreOneObjects,
    /// Nobody asks which jobs run, unless the object goes.
    JobsAreForgotten,
}
