// Gateway: speaks to models: one client, one record of each call, and the local model.
