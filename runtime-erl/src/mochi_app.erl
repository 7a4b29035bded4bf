-module(mochi_app).
-moduledoc """
The application `mochi`: start, stop, configuration, and the start on demand.

Under a release or `application:ensure_all_started(mochi)` this is an ordinary application. A compiled program is a plain module that anybody may call, so
what needs the tree asks for it with `ensure/0`: through the application controller where there is one, else (a VM without a booted kernel)
the top supervisor is started by itself.
""".

-behaviour(application).

-export([start/2, stop/1, ensure/0, env/2, has/1, free/1]).

-doc false.
-spec start(application:start_type(), term()) -> supervisor:startlink_ret().
start(_Type, _Args) -> mochi_sup:start_link().

-doc false.
-spec stop(term()) -> ok.
stop(_State) -> ok.

-doc "The supervision tree runs when this returns.".
-spec ensure() -> ok.
ensure() ->
    case erlang:whereis(mochi_sup) of
        undefined -> start_tree(erlang:whereis(application_controller));
        _ -> ok
    end.

start_tree(undefined) ->
    alone();
start_tree(_) ->
    case application:ensure_all_started(mochi) of
        {ok, _} -> ok;
        %% Without an application resource file on the code path.
        {error, _} -> alone()
    end.

%% A supervisor ends with the process that it is linked to, so that one lets go of it.
alone() ->
    {Pid, Ref} = spawn_monitor(fun() ->
                                       case mochi_sup:start_link() of
                                           {ok, Sup} -> erlang:unlink(Sup);
                                           {error, {already_started, _}} -> ok;
                                           {error, Why} -> exit(Why)
                                       end
                               end),
    receive
        {'DOWN', Ref, process, Pid, normal} -> ok;
        {'DOWN', Ref, process, Pid, Why} -> erlang:error({mochi_not_started, Why})
    end.

-doc "A value of the application's configuration.".
-spec env(atom(), term()) -> term().
env(Key, Default) ->
    try application:get_env(mochi, Key, Default)
    catch error:badarg -> Default
    end.

-doc "Is there a module of somebody else's that could be used? A VM without a code server has none.".
-spec has(module()) -> boolean().
has(Module) ->
    erlang:whereis(code_server) =/= undefined andalso code:ensure_loaded(Module) =:= {module, Module}.

-doc """
Waits until a name is free. When a supervisor was killed its children end a little after it; their successors must not meet them, for each
failed start counts against the supervisor above.
""".
-spec free(atom()) -> ok.
free(Name) ->
    case erlang:whereis(Name) of
        undefined -> ok;
        Pid ->
            Ref = erlang:monitor(process, Pid),
            receive {'DOWN', Ref, process, Pid, _} -> ok
            after 1000 -> erlang:demonitor(Ref, [flush]), ok
            end
    end.
