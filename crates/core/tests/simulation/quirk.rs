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
    /// Another attempt runs with what the names in a spec mean by then.
    NamesAreReadAnew,
    /// Code that was registered is found by where it comes from, and not by what it is.
    CodeGoesByTheNameOfItsSource,
    /// Packages are taken for registered.
    PackagesAreTakenForGranted,
    /// What is registered is registered again.
    NobodyLooksForWhatIsRegistered,
    /// What another job will write is read before it is written.
    ProducersAreNotAwaited,
    /// Nobody asks Azure what became of the outputs.
    NobodyReadsWhatWasWritten,
    /// Labels are taken for sent.
    LabelsAreNotSent,
    /// An object with a time to live goes at once.
    NothingLives,
    /// An object goes by its name, whichever has that by then.
    ObjectsGoByTheirNames,
    /// Nobody asks who else relies on a role before it is taken back.
    RolesAreOneObjects,
    /// Nobody asks which jobs run, unless the object goes.
    JobsAreForgotten,
}
