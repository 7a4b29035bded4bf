-module(mochi_llm_server).
-moduledoc """
The server of a provider: its configuration, and until when all of its callers wait because it was asked to be left alone.

It does no requests itself, so a slow one holds up nobody.
""".

-behaviour(gen_server).

-export([start_link/1, config/3, hold/2, wait/1]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2]).

-record(state, {defaults, until}).

-doc "Starts the server of a provider under the provider's name.".
-spec start_link(module()) -> gen_server:start_ret().
start_link(Module) ->
    ok = mochi_app:free(Module),
    gen_server:start_link({local, Module}, ?MODULE, Module, []).

-doc "The configuration for a question; `Kind` says which default model is meant.".
-spec config(module(), map(), model | embedding_model) -> mochi_llm:config().
config(Module, Given, Kind) ->
    ok = mochi_app:ensure(),
    #{base_url := Base, key := Key} = Defaults = gen_server:call(Module, defaults),
    Env = mochi_app:env(Module, #{}),
    First = fun(Field, Atom, Default) ->
                    case Given of
                        #{Field := V} when V =/= nil -> mochi_core:str(V);
                        #{} -> maps:get(Atom, Env, Default)
                    end
            end,
    Url = string:trim(First(<<"base_url">>, base_url, Base), trailing, "/"),
    #{base_url => Url, api_key => First(<<"api_key">>, api_key, Key),
      model => First(<<"name">>, Kind, maps:get(Kind, Defaults, <<>>)), given => Given}.

-doc "Nobody asks the provider for so many milliseconds.".
-spec hold(module(), non_neg_integer()) -> ok.
hold(Module, Ms) -> gen_server:call(Module, {hold, Ms}).

-doc "Waits until the provider may be asked; what comes back to this process is served.".
-spec wait(module()) -> ok.
wait(Module) ->
    case gen_server:call(Module, left) of
        0 -> ok;
        Ms ->
            mochi_agent:serve_for(Ms),
            wait(Module)
    end.

-doc false.
-spec init(module()) -> {ok, #state{}}.
init(Module) ->
    #{key := Variable} = Defaults = Module:defaults(),
    Key = try os:getenv(Variable) of
              false -> none;
              "" -> none;
              Text -> unicode:characters_to_binary(Text)
          catch error:_ -> none
          end,
    {ok, #state{defaults = Defaults#{key := Key}, until = now_ms()}}.

-doc false.
-spec handle_call(term(), gen_server:from(), #state{}) -> {reply, term(), #state{}}.
handle_call(defaults, _From, #state{defaults = Defaults} = S) -> {reply, Defaults, S};
handle_call(left, _From, #state{until = Until} = S) -> {reply, max(0, Until - now_ms()), S};
handle_call({hold, Ms}, _From, #state{until = Until} = S) -> {reply, ok, S#state{until = max(Until, now_ms() + Ms)}};
handle_call(_, _From, S) -> {reply, {error, badarg}, S}.

now_ms() -> erlang:monotonic_time(millisecond).

-doc false.
-spec handle_cast(term(), #state{}) -> {noreply, #state{}}.
handle_cast(_, S) -> {noreply, S}.

-doc false.
-spec handle_info(term(), #state{}) -> {noreply, #state{}}.
handle_info(_, S) -> {noreply, S}.
