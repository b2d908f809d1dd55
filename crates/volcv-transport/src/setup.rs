//! The settings that both clients share.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use volcv_core::http::Uri;
use volcv_core::types::{AbilityRequest, CvRequest, Execution, InvalidInput, Outpaint, TaskRequest, Value};
use volcv_core::{Access, Batch, Buffer, Call, CallConfig, Error, Plan};

use crate::credentials::CredentialsSource;
use crate::options::CallOptions;

/// What an error of a failed connection to this URL, or of an unusable base URL, says of proxies.
pub(crate) type Hint = Arc<dyn Fn(Option<&Uri>) -> String + Send + Sync>;

/// Access, limits and policies of a client.
pub(crate) struct Setup {
    pub(crate) access: Access,
    /// Of direct access.
    pub(crate) credentials: Option<CredentialsSource>,
    pub(crate) config: CallConfig,
    pub(crate) hint: Hint,
    pub(crate) max_concurrent: usize,
}

impl Setup {
    pub(crate) fn plan(&self, ability: &dyn AbilityRequest) -> Result<Plan, Error> {
        Plan::pictures(ability, &self.access)
    }

    pub(crate) fn plan_call(&self, request: CvRequest) -> Result<Plan, Error> {
        Plan::call(request, &self.access)
    }

    pub(crate) fn plan_download(&self, link: &str) -> Result<Plan, Error> {
        Plan::download(link, &self.access)
    }

    pub(crate) fn buffer(&self, bytes: usize) -> Buffer {
        Buffer::with_pool(bytes, &self.config.pool)
    }

    pub(crate) fn start(&self, plan: Plan, options: &CallOptions) -> Call {
        let config = self.config_for(&plan, options);
        Call::new(plan, config).observed_by(options.observer.clone())
    }

    pub(crate) fn batch(&self, outpaint: &Outpaint, seeds: &[i64], options: &CallOptions) -> Result<Batch, Error> {
        check_seeds(seeds)?;
        let plan = self.plan(outpaint)?;
        let config = self.config_for(&plan, options);
        Ok(Batch::of_seeds(&plan, seeds, self.max_concurrent, &config, options.observer.clone()))
    }

    pub(crate) fn preview(&self, ability: &dyn AbilityRequest) -> Result<Value, Error> {
        Ok(self.first_plan(ability)?.preview())
    }

    pub(crate) fn preview_variants(&self, ability: &dyn AbilityRequest, seeds: &[i64]) -> Result<Vec<Value>, Error> {
        check_seeds(seeds)?;
        let plan = self.first_plan(ability)?;
        Ok(seeds.iter().map(|seed| plan.with_seed(*seed).preview()).collect())
    }

    /// The first call that is made for a request: its only one, or the one that hands its task in.
    fn first_plan(&self, ability: &dyn AbilityRequest) -> Result<Plan, Error> {
        match ability.execution() {
            Execution::Call => self.plan(ability),
            _ => Plan::submit(&TaskRequest::of(ability)?, &self.access),
        }
    }

    /// The options of the wait for a task that took this long to hand in: one deadline holds for both.
    pub(crate) fn options_after(&self, options: &CallOptions, spent: Duration) -> CallOptions {
        let deadline = options.deadline.or(self.config.limits.deadline);
        CallOptions { deadline, ..options.clone() }.after(spent)
    }

    pub(crate) fn config_for(&self, plan: &Plan, options: &CallOptions) -> CallConfig {
        let mut config = self.config.clone();
        config.hint = (self.hint)(Some(plan.uri()));
        config.limits.deadline = options.deadline.or(config.limits.deadline);
        config.policy.poll_interval = options.poll_interval.unwrap_or(config.policy.poll_interval);
        config
    }
}

/// Every seed is checked, not only the first. Two calls with the same seed would buy the same picture twice; with -1 the service
/// takes a random seed each time.
pub(crate) fn check_seeds(seeds: &[i64]) -> Result<(), Error> {
    let mut earlier = HashSet::new();
    for seed in seeds {
        Outpaint::check_seed(*seed)?;
        if *seed != -1 && !earlier.insert(seed) {
            let value = format!("{seed} more than once");
            return Err(InvalidInput::new("seed", value, "different in each call of a batch, or -1").into());
        }
    }
    Ok(())
}
