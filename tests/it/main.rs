mod configuration;
