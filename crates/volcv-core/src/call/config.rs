//! What all calls of a client share.

use std::sync::Arc;

use crate::call::limits::Limits;
use crate::call::policy::{RetryBudget, RetryPolicy};
use crate::pool::BufferPool;

/// The settings and resources that all calls of a client share.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct CallConfig {
    /// When a call is sent again.
    pub policy: RetryPolicy,
    /// Time and size limits.
    pub limits: Limits,
    /// Tokens for retries.
    pub budget: Arc<RetryBudget>,
    /// Memory for the pictures of results.
    pub pool: BufferPool,
    /// A text that is added to the error when a connection cannot be made, such as which proxy is used; empty by
    /// default. The core reads no environment, so a driver that knows about proxies names them here.
    pub hint: String,
}

impl CallConfig {
    /// The default policy and limits, a full budget and an empty pool.
    pub fn new() -> Self {
        Self::default()
    }

    /// When a call is sent again; [`RetryPolicy::new`] by default.
    #[must_use]
    pub fn policy(mut self, policy: RetryPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Time and size limits; [`Limits::new`] by default.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The tokens for retries, which the calls of one client share; 10 tokens by default.
    #[must_use]
    pub fn budget(mut self, budget: Arc<RetryBudget>) -> Self {
        self.budget = budget;
        self
    }

    /// The memory for pictures, which the calls of one client share; a new pool by default.
    #[must_use]
    pub fn pool(mut self, pool: BufferPool) -> Self {
        self.pool = pool;
        self
    }

    /// A text that is added to the error when a connection cannot be made; empty by default.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }
}
