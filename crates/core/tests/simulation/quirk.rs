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
    /// Nobody asks who else relies on a role before it is taken back.
    RolesAreOneObjects,
    /// Nobody asks which jobs run, unless the object goes.
    JobsAreForgotten,
}
