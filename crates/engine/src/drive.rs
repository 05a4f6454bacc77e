//! The loop: gather, want, then observe, decide, remember and act until there is rest; report; wake.

use azureml_spark_core::{Act, Machine, Move, Wake};
use jiff::SignedDuration;

use crate::error::Error;
use crate::kind::Kind;
use crate::metrics::Ended;
use crate::turn::{Next, Outcome, Turn};

/// Steps of one pass. The longest way of a machine at peace is shorter; who needs more yields to the others.
const MAX_STEPS: usize = 8;

/// A machine that never rests must not be hot.
pub(crate) const YIELD: SignedDuration = SignedDuration::from_secs(1);

/// After a step that was done and is asked for again: the look that followed it may be older than the step.
const CATCH_UP: SignedDuration = SignedDuration::from_secs(5);

/// One pass over one object.
pub(crate) async fn drive<K: Kind>(turn: &mut Turn<'_, K>) -> Result<Outcome, Error> {
    if turn.is_over() {
        turn.waits_no_more();
        return Ok(Outcome {
            ended: Ended::Rested,
            next: Next::Never,
        });
    }
    if turn.is_forced() {
        return turn.force().await;
    }
    if let Some(outcome) = turn.still_queued() {
        return Ok(outcome);
    }
    let given = turn.kind().gather(turn.object()).await?;
    let want = match K::Machine::want(&given) {
        Ok(want) => want,
        Err(invalid) => return turn.refuse(&invalid).await,
    };
    let (mut before, mut done) = (None, None);
    for _ in 0..MAX_STEPS {
        let seen = match turn.kind().observe(&want, turn.memo()).await {
            Ok(seen) => seen,
            Err(fault) => return turn.trouble(&want, before.as_ref(), fault).await,
        };
        let Move { memo, act } = K::Machine::next(&want, &seen, turn.memo(), turn.now());
        if turn.is_paused() {
            return turn.stand_still(&want, &seen, act).await;
        }
        match act {
            Act::Do(step) if done.as_ref() == Some(&step) => {
                let later = turn.now().checked_add(CATCH_UP);
                let (memo, wake) = (turn.memo().clone(), later.map_or(Wake::OnChange, Wake::At));
                return turn.rest(&want, &seen, memo, wake).await;
            }
            Act::Do(step) => {
                let seat = match turn.kind().admit(&want, &memo, &step).await {
                    Ok(seat) => seat,
                    Err(queued) => return turn.queue(&want, &seen, *queued).await,
                };
                if !turn.hold(&memo).await? {
                    // Who comes back in a second for another cause finds it kept; this takes longer.
                    seat.inspect(|seat| seat.leave());
                    return turn.wait(&want, &seen).await;
                }
                turn.remember(&want, &seen, memo).await?;
                if let Err(fault) = turn.execute(&want, step.clone()).await {
                    return turn.undone(&want, &seen, &step, fault).await;
                }
                done = Some(step);
            }
            Act::Rest(wake) => return turn.rest(&want, &seen, memo, wake).await,
            Act::Release => return turn.release(&want, &seen, memo).await,
        }
        before = Some(seen);
    }
    Ok(Outcome {
        ended: Ended::Yielded,
        next: turn
            .now()
            .checked_add(YIELD)
            .map_or(Next::OnChange, Next::At),
    })
}
