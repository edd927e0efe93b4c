"""The endpoint's process: `python -m gptalk_client.embedded`, started by `process.LocalEndpoint`."""

from gptalk_client.embedded.child import main

if __name__ == "__main__":
    main()
