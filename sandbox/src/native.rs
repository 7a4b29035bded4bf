//! The native engine: the VM in this process.

use crate::drive::Machine;
use crate::outcome::StopCause;
use crate::outside::Shared;
use beambox_playground::{Request, Response, Session};

/// A session of this process.
pub(crate) struct Native {
    shared: Shared,
    session: Option<Session>,
}

impl Native {
    pub fn new(shared: Shared) -> Native {
        Native { shared, session: None }
    }
}

impl Machine for Native {
    fn answer(&mut self, request: Request) -> Result<Response, StopCause> {
        match (request, &mut self.session) {
            (Request::Open(settings), slot) => {
                *slot = Some(Session::new(settings, Box::new(self.shared.clone())));
                Ok(Response::Done)
            }
            (request, Some(session)) => Ok(session.answer(request)),
            (_, None) => Ok(Response::Failed("no session is open".into())),
        }
    }
}
