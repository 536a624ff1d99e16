mod answers;
mod claims;
mod commits;
mod leases;
mod logins;
mod losses;
mod reads;
mod world;
