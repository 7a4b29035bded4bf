-module(mochi_atoms).
-moduledoc """
The atoms of the runtime, registered at boot, and the only way from a text to an atom.

The atom table is bounded and never shrinks, so no text of a user becomes an atom: `existing/1` and `known/1` look up, they do not create. A module's own atoms (variants,
fields, intents) exist from the moment that it is loaded; `register/1` makes them findable by `known/1`, too.
""".

-export([start_link/0, init/0, init_it/1, all/0, register/1, known/1, existing/1]).

-doc "Registers the runtime's atoms from a process that then ends.".
-spec start_link() -> {ok, pid()} | {error, term()}.
start_link() -> proc_lib:start_link(?MODULE, init_it, [self()]).

-doc "Registers the runtime's atoms.".
-spec init() -> ok.
init() -> register(all()).

-doc false.
-spec init_it(pid()) -> ok.
init_it(Parent) ->
    ok = init(),
    proc_lib:init_ack(Parent, {ok, self()}).

-doc "What is registered at boot: constants, tags of values, options' and events' names.".
-spec all() -> [atom()].
all() ->
    [nil, true, false, none, some, ok, error, inf, neg_inf, nan,
     '$v', '$q', '$group', '$cell', '$copy', '$agent', '$future', '$set', '$omap', '$datalog',
     int, float, bigint, bigrat, string, bool, unit, any, list, map, option, struct,
     mochi, agent, stream, fetch, query, request, execute, start, stop, crash, publish, subscribe, exception,
     beginning, now, temporary, transient, permanent, openai, anthropic, echo].

-doc "Makes atoms findable.".
-spec register([atom()]) -> ok.
register(Atoms) ->
    true = ets:insert(?MODULE, [{atom_to_binary(A), A} || A <- Atoms, is_atom(A)]),
    ok.

-doc "The registered atom of that name.".
-spec known(binary()) -> {ok, atom()} | error.
known(Name) when is_binary(Name) ->
    try ets:lookup(?MODULE, Name) of
        [{_, Atom}] -> {ok, Atom};
        [] -> error
    catch error:badarg -> error
    end.

-doc "The atom of that name, if it exists anywhere in the VM. Never makes one.".
-spec existing(binary()) -> {ok, atom()} | error.
existing(Name) when is_binary(Name) ->
    try {ok, binary_to_existing_atom(Name)}
    catch
        error:badarg -> error;
        error:system_limit -> error
    end.
