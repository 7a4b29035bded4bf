-module(mochi_stream_sup).
-moduledoc """
The supervisor of streams: the scope of their groups, a recorder for each stream that has one, and a supervisor of the subscribers' processes.

A recorder that crashes is started again and goes on where it was, for its history is in a table of the top supervisor. When the scope crashes its members join again by
themselves.
""".

-behaviour(supervisor).

-export([start_link/0, start_link/1, scope/0, recorder/2, stop_recorder/1, subscriber/1, init/1]).

-doc "The supervisor.".
-spec start_link() -> supervisor:startlink_ret().
start_link() -> supervisor:start_link({local, ?MODULE}, ?MODULE, streams).

-doc "The supervisor of subscribers.".
-spec start_link(subscribers) -> supervisor:startlink_ret().
start_link(subscribers) ->
    ok = mochi_app:free(mochi_subscriber_sup),
    supervisor:start_link({local, mochi_subscriber_sup}, ?MODULE, subscribers).

-doc "The scope of the groups.".
-spec scope() -> gen_server:start_ret().
scope() ->
    ok = mochi_app:free(mochi_stream:scope()),
    pg:start_link(mochi_stream:scope()).

-doc "Starts a recorder, or gives the one that is there this size.".
-spec recorder(mochi_stream:name(), pos_integer()) -> ok.
recorder(Stream, Size) ->
    Child = #{id => {recorder, Stream}, start => {mochi_stream_recorder, start_link, [Stream, Size]},
              restart => permanent, shutdown => 5000, type => worker, modules => [mochi_stream_recorder]},
    case supervisor:start_child(?MODULE, Child) of
        {ok, _} -> ok;
        {error, {already_started, Pid}} -> mochi_stream_recorder:resize(Pid, Size);
        {error, already_present} ->
            _ = supervisor:delete_child(?MODULE, {recorder, Stream}),
            recorder(Stream, Size)
    end.

-doc "Ends a recorder.".
-spec stop_recorder(mochi_stream:name()) -> ok.
stop_recorder(Stream) ->
    case supervisor:terminate_child(?MODULE, {recorder, Stream}) of
        ok ->
            _ = supervisor:delete_child(?MODULE, {recorder, Stream}),
            mochi_stream_recorder:forget(Stream);
        {error, not_found} -> ok
    end.

-doc "Starts a subscriber.".
-spec subscriber(map()) -> supervisor:startchild_ret().
subscriber(Args) -> supervisor:start_child(mochi_subscriber_sup, [Args]).

-doc false.
-spec init(streams | subscribers) -> {ok, {supervisor:sup_flags(), [supervisor:child_spec()]}}.
init(streams) ->
    {ok, {#{strategy => one_for_one, intensity => 10, period => 10},
          [#{id => scope, start => {?MODULE, scope, []}, restart => permanent, shutdown => 1000,
             type => worker, modules => [pg]},
           #{id => subscribers, start => {?MODULE, start_link, [subscribers]}, restart => permanent,
             shutdown => infinity, type => supervisor}]}};
init(subscribers) ->
    {ok, {#{strategy => simple_one_for_one, intensity => 10, period => 10},
          [#{id => subscriber, start => {mochi_stream_subscriber, start_link, []}, restart => temporary,
             shutdown => 1000, type => worker}]}}.
